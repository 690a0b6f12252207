package dev.bascule.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A command that ran as a process of its own, under the flags of the script, and what it left. */
record CommandProcess(int code, String out, String err) {
  private static final Path SCRIPT = Path.of("..", "bascule");

  /** Those that the script has for all commands, and for short ones no optimising compiler. */
  private static List<String> flags() throws IOException {
    Matcher flags = Pattern.compile("(?m)^flags='(.*)'$").matcher(Files.readString(SCRIPT));
    assertThat(flags.find()).isTrue();
    return Stream.concat(Stream.of(flags.group(1).split(" ")), Stream.of("-XX:TieredStopAtLevel=1"))
        .toList();
  }

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
    command.addAll(flags());
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
