package dev.bascule.cli;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A command that ran as a process of its own, under the flags of the script, and what it left. */
record CommandProcess(int code, String out, String err) {
  private static final List<String> FLAGS =
      List.of("-XX:+UseSerialGC", "-Xmn32m", "--enable-native-access=ALL-UNNAMED");

  static CommandProcess of(String... args) throws IOException, InterruptedException {
    return run(ProcessBuilder.Redirect.PIPE, args);
  }

  /** With its standard output sent to a file. */
  static CommandProcess into(File out, String... args) throws IOException, InterruptedException {
    return run(ProcessBuilder.Redirect.to(out), args);
  }

  private static CommandProcess run(ProcessBuilder.Redirect to, String... args)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(FLAGS);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(List.of(args));
    Path err = Files.createTempFile("bascule", ".err");
    Process process =
        new ProcessBuilder(command).redirectError(err.toFile()).redirectOutput(to).start();
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int code = process.waitFor();
    String errors = Files.readString(err);
    Files.delete(err);
    return new CommandProcess(code, out, errors);
  }
}
