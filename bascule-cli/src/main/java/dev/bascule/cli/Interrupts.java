package dev.bascule.cli;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;

/**
 * Ctrl-C as something other than the end of the program, where the JVM has a way to hear it (all
 * common ones do, by a class that is not part of Java's own interface, hence the detour).
 */
final class Interrupts {
  private Interrupts() {}

  /** Calls {@code action} at each Ctrl-C from now on; false where that is not possible. */
  static boolean handle(Runnable action) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      InvocationHandler calls =
          (proxy, method, arguments) -> {
            if (method.getName().equals("handle")) {
              action.run();
            }
            return null;
          };
      Object listener =
          Proxy.newProxyInstance(handler.getClassLoader(), new Class<?>[] {handler}, calls);
      Object interrupt = signal.getConstructor(String.class).newInstance("INT");
      signal.getMethod("handle", signal, handler).invoke(null, interrupt, listener);
      return true;
    } catch (ReflectiveOperationException e) {
      return false;
    }
  }
}
