package florilegium;

import static net.bytebuddy.matcher.ElementMatchers.nameEndsWith;
import static net.bytebuddy.matcher.ElementMatchers.named;
import static net.bytebuddy.matcher.ElementMatchers.takesArguments;

import java.lang.instrument.Instrumentation;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import net.bytebuddy.agent.builder.AgentBuilder;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;

/**
 * Keeps the servers that Beam's runner starts in a TaskManager on the loopback interface.
 *
 * <p>Beam asks gRPC for a port on every address of the machine and has no setting for it. Whoever
 * reaches such a port can pose as a worker.
 */
public final class LoopbackOnly {
  private LoopbackOnly() {}

  public static void premain(String arguments, Instrumentation instrumentation) {
    new AgentBuilder.Default()
        .type(nameEndsWith(".io.grpc.netty.NettyServerBuilder"))
        .transform(
            (builder, type, loader, module, domain) ->
                builder.visit(
                    Advice.to(ForPort.class)
                        .on(named("forPort").and(takesArguments(int.class)))))
        .installOn(instrumentation);
  }

  /** What replaces the answer of forPort: the answer of forAddress. */
  public static final class ForPort {
    private ForPort() {}

    @Advice.OnMethodExit
    public static void exit(
        @Advice.Origin Class<?> builders,
        @Advice.Argument(0) int port,
        @Advice.Return(readOnly = false, typing = Assigner.Typing.DYNAMIC) Object builder)
        throws ReflectiveOperationException {
      SocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
      builder = builders.getMethod("forAddress", SocketAddress.class).invoke(null, address);
    }
  }
}
