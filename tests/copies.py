"""Texts many of which are copies of others, and what harvest stores of them."""

import hashlib
import random

import numpy as np

from florilegium.dedup.decisions import stored_by
from florilegium.dedup.signature import sign

WORDS = ["".join(random.Random(n).choices("aeiounrstlkmdø", k=2 + n % 9)) for n in range(2_000)]


def prose(chance, words):
    return " ".join(chance.choices(WORDS, k=words))


def changed(text, chance, share):
    return " ".join(
        chance.choice(WORDS) if chance.random() < share else word for word in text.split(" ")
    )


def web(seed=0):
    """Texts of 40 to 150 words, most of them near or exact copies of others, and oddities."""
    chance = random.Random(seed)
    originals = [prose(chance, chance.randint(40, 150)) for _ in range(50)]
    copies = [
        changed(chance.choice(originals), chance, chance.choice([0, 0.005, 0.02, 0.05, 0.1]))
        for _ in range(250)
    ]
    return [*originals, *copies, "", "", "… —", "– !", "ein zwei", "Ein, zwei.", "ein drei", "drei"]


def documents(texts, method):
    entries = np.zeros(len(texts), stored_by(method))
    signatures = sign(texts, method)
    for name in signatures.dtype.names:
        entries[name] = signatures[name]
    for place, entry in enumerate(entries):
        digest = hashlib.sha256(b"%d" % place).digest()
        entry["id"] = list(digest[:16])
        entry["bytes"] = digest[16] % 5
        entry["time"], entry["licence"], entry["quality"] = (digest[n] % 3 for n in (17, 18, 19))
        entry["url"] = entry["address"] = place
    return entries


def dealt(entries, parts, seed):
    entries = np.random.default_rng(seed).permutation(entries)
    return [entries[n::parts] for n in range(parts)]
