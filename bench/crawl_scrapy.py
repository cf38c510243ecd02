"""The peer of `bench/crawl.py`: Scrapy crawls the same web. Run by the Python of its environment.

usage: crawl_scrapy.py SEEDS DELAY DEPTH
"""

import json
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.http import HtmlResponse, Response
from scrapy.linkextractors import LinkExtractor
from scrapy.spiders import CrawlSpider, Rule

SEEDS = Path(sys.argv[1]).read_text(encoding="utf-8").split()
DELAY, DEPTH = float(sys.argv[2]), int(sys.argv[3])


class Web(CrawlSpider):
    """Follows all links on the hosts of the seeds, as Scrapy's documentation shows."""

    name = "web"
    start_urls = SEEDS
    allowed_domains = sorted({seed.split("/")[2].split(":")[0] for seed in SEEDS})
    rules = (Rule(LinkExtractor(), callback="parse_item", follow=True),)
    custom_settings = {  # noqa: RUF012
        "ROBOTSTXT_OBEY": True,
        "CONCURRENT_REQUESTS": 400,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "DOWNLOAD_DELAY": DELAY,
        "RANDOMIZE_DOWNLOAD_DELAY": False,
        "DOWNLOAD_TIMEOUT": 5,
        "DOWNLOAD_MAXSIZE": 16 << 20,
        "DEPTH_LIMIT": DEPTH,
        "COOKIES_ENABLED": False,
        "RETRY_TIMES": 2,
        "LOG_LEVEL": "CRITICAL",
        "TELNETCONSOLE_ENABLED": False,
        "USER_AGENT": "bench (+https://crawl.example/about)",
    }
    pages = 0

    def parse_start_url(self, response: Response) -> Iterator[scrapy.Request]:
        """Count a front page."""
        self.parse_item(response)
        yield from ()

    def parse_item(self, response: Response) -> None:
        """Count a page."""
        Web.pages += isinstance(response, HtmlResponse)


def main() -> None:
    """Crawl, and print pages, CPU seconds, seconds and the peak of memory as JSON."""
    started = time.monotonic()
    process = CrawlerProcess()
    process.crawl(Web)
    process.start()
    used = resource.getrusage(resource.RUSAGE_SELF)
    told = {
        "pages": Web.pages,
        "cpu": used.ru_utime + used.ru_stime,
        "wall": time.monotonic() - started,
        "memory": used.ru_maxrss / 1024,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
