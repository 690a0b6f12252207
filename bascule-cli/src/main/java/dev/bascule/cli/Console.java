package dev.bascule.cli;

import java.io.InputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * What a command talks to: standard streams and the environment, handed in so that tests can hold
 * the other end.
 */
record Console(InputStream in, PrintWriter out, PrintWriter err, Map<String, String> environment) {
  Console {
    environment = Map.copyOf(environment);
  }

  /** This process's own streams. */
  static Console ofProcess() {
    return new Console(
        System.in,
        new PrintWriter(new OutputStreamWriter(System.out, System.out.charset()), false),
        new PrintWriter(new OutputStreamWriter(System.err, System.err.charset()), true),
        System.getenv());
  }

  /** A word to the user beside the result. */
  void say(String message) {
    out.flush();
    err.println("bascule: " + message);
    err.flush();
  }

  /**
   * Whether standard error is a terminal. Linux says so by the name of the file; the JDK's own
   * answer would load its line editor, which costs more than most commands.
   */
  static boolean errorIsTerminal() {
    try {
      Path target = Files.readSymbolicLink(Path.of("/proc/self/fd/2"));
      return target.startsWith("/dev/pts") || target.toString().startsWith("/dev/tty");
    } catch (java.io.IOException | UnsupportedOperationException e) {
      return false;
    }
  }
}
