package dev.bascule.bench;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A {@link Side} in another process; it rests while nothing is asked of it. */
final class SideProcess implements AutoCloseable {
  private static final int REASON_LINES = 12;
  private static final String STACK_FRAME = "\tat ";

  /**
   * What it is.
   *
   * @param library of native code
   * @param jars that are on its class path too, a folder
   * @param model what it reads instead of the file that all others read
   */
  record Kind(
      String name, String side, Optional<Path> library, Optional<Path> jars, Optional<Path> model) {
    static Kind bascule() {
      return new Kind(
          "Bascule", SideMain.BASCULE, Optional.empty(), Optional.empty(), Optional.empty());
    }

    static Kind llamaCpp(String name, Path library) {
      return new Kind(
          name, SideMain.LLAMA_CPP, Optional.of(library), Optional.empty(), Optional.empty());
    }

    static Kind jlama(Path jars, Path model) {
      return new Kind(
          "Jlama", SideMain.JLAMA, Optional.empty(), Optional.of(jars), Optional.of(model));
    }
  }

  private final Kind kind;
  private final long timeoutSeconds;
  private final Path log;
  private final Process process;
  private final Writer in;
  private final BufferedReader out;
  private final double openSeconds;
  private final int vocabulary;
  private final String description;

  /**
   * Starts it and waits until the model is open.
   *
   * @param timeoutSeconds that an answer may take; then it is ended
   */
  SideProcess(Kind kind, Side.Settings settings, long timeoutSeconds) {
    this.kind = kind;
    this.timeoutSeconds = timeoutSeconds;
    try {
      this.log = Files.createTempFile("side", ".log");
      this.process =
          new ProcessBuilder(command(kind, settings)).redirectError(log.toFile()).start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    this.in = process.outputWriter();
    this.out = process.inputReader();
    String[] ready = answer("open").split(" ", 3);
    this.openSeconds = Double.parseDouble(ready[0]);
    this.vocabulary = Integer.parseInt(ready[1]);
    this.description = ready[2];
  }

  private static List<String> command(Kind kind, Side.Settings settings) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home", ""), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED"));
    String classes = System.getProperty("java.class.path", "");
    if (kind.jars.isPresent()) {
      command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
      classes += File.pathSeparator + kind.jars.get().resolve("*");
    }
    command.addAll(List.of("-cp", classes));
    command.addAll(List.of(SideMain.class.getName(), "--side", kind.side));
    kind.library.ifPresent(path -> command.addAll(List.of("--library", path.toString())));
    command.addAll(List.of("--model", kind.model.orElse(settings.model()).toString()));
    command.addAll(List.of("--threads", Integer.toString(settings.threads())));
    command.addAll(List.of("--context", Integer.toString(settings.context())));
    command.addAll(List.of("--chunk", Integer.toString(settings.chunk())));
    command.addAll(List.of("--isa", settings.isa()));
    return command;
  }

  String name() {
    return kind.name;
  }

  /** From before its model was opened until it was ready to read. */
  double openSeconds() {
    return openSeconds;
  }

  int vocabulary() {
    return vocabulary;
  }

  String description() {
    return description;
  }

  /** Times of reading a prompt, seconds. */
  double[] prompt(int tokens, double seconds) {
    return times("prompt " + tokens + " " + seconds);
  }

  /** Reads a context anew, for {@link #decode}. */
  void context(int tokens) {
    ask("context " + tokens);
  }

  /** Times of writing a token each, behind {@code at} tokens, seconds. */
  double[] decode(int at, double seconds) {
    return times("decode " + at + " " + seconds);
  }

  private double[] times(String command) {
    return Arrays.stream(ask(command).split(" ", -1)).mapToDouble(Double::parseDouble).toArray();
  }

  /** The likeliest ids behind a prompt. */
  int[] greedy(int count, int... prompt) {
    String ids = IntStream.of(prompt).mapToObj(String::valueOf).collect(Collectors.joining(" "));
    String answer = ask("greedy " + count + " " + ids);
    return Arrays.stream(answer.split(" ", -1)).mapToInt(Integer::parseInt).toArray();
  }

  private String ask(String command) {
    try {
      in.write(command + "\n");
      in.flush();
    } catch (IOException e) {
      throw failure(command, "it has ended", e);
    }
    return answer(command);
  }

  private String answer(String command) {
    CompletableFuture<Optional<String>> line = CompletableFuture.supplyAsync(this::readAnswer);
    try {
      return line.get(timeoutSeconds, TimeUnit.SECONDS)
          .orElseThrow(() -> failure(command, "it has ended", null));
    } catch (TimeoutException e) {
      throw failure(command, "no answer within " + timeoutSeconds + " s", e);
    } catch (ExecutionException e) {
      throw failure(command, "its answer cannot be read", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure(command, "interrupted", e);
    }
  }

  private Optional<String> readAnswer() {
    try {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        int at = line.indexOf(SideMain.ANSWER);
        if (at >= 0) {
          return Optional.of(line.substring(at + SideMain.ANSWER.length()));
        }
      }
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private SideFailedException failure(String command, String what, @Nullable Exception cause) {
    process.destroyForcibly();
    String message = kind.name + ": \"" + command + "\" failed: " + what + "; its last words:\n";
    try {
      List<String> lines =
          Files.readAllLines(log, StandardCharsets.ISO_8859_1).stream()
              .filter(line -> !line.startsWith(STACK_FRAME))
              .toList();
      int from = Math.max(0, lines.size() - REASON_LINES);
      message += String.join("\n", lines.subList(from, lines.size()));
      Files.deleteIfExists(log);
    } catch (IOException e) {
      message += "unknown (" + e.getMessage() + ")";
    }
    return new SideFailedException(message, cause);
  }

  @Override
  public void close() {
    try {
      in.close(); // the end of its input is the end of its work
      if (!process.waitFor(timeoutSeconds, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
      Files.deleteIfExists(log);
    } catch (IOException e) {
      process.destroyForcibly();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
