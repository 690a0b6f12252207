package dev.bascule.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

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
        // not through System.out, which keeps quiet about what it could not write
        new PrintWriter(
            new OutputStreamWriter(new FileOutputStream(FileDescriptor.out), System.out.charset()),
            false),
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
   * What standard output leads to, if something that was printed did not arrive there; nothing for
   * a pipe, whose reader has gone because it had enough.
   */
  Optional<String> lostOutput() {
    if (!out.checkError()) {
      return Optional.empty();
    }
    String target = descriptor(1).map(Path::toString).orElse("standard output");
    return target.startsWith("pipe:") || target.startsWith("socket:")
        ? Optional.empty()
        : Optional.of(target);
  }

  /** Where Linux says that a descriptor leads. */
  private static Optional<Path> descriptor(int number) {
    try {
      return Optional.of(Files.readSymbolicLink(Path.of("/proc/self/fd/" + number)));
    } catch (IOException | UnsupportedOperationException e) {
      return Optional.empty();
    }
  }

  /**
   * Whether standard error is a terminal. Linux says so by the name of the file; the JDK's own
   * answer would load its line editor, which costs more than most commands.
   */
  static boolean errorIsTerminal() {
    return descriptor(2)
        .filter(target -> target.startsWith("/dev/pts") || target.toString().startsWith("/dev/tty"))
        .isPresent();
  }
}
