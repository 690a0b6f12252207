package dev.bascule.cli;

import java.io.ByteArrayInputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** A command line that ran inside the test, and what it left. */
record CommandLineRun(int code, String out, String err) {
  static CommandLineRun of(String... args) {
    return withInput("", args);
  }

  static CommandLineRun withInput(String input, String... args) {
    return run(input, System.getenv(), args);
  }

  static CommandLineRun run(String input, Map<String, String> environment, String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    Console console =
        new Console(
            new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
            new PrintWriter(out),
            new PrintWriter(err),
            environment);
    return new CommandLineRun(Main.run(console, args), out.toString(), err.toString());
  }
}
