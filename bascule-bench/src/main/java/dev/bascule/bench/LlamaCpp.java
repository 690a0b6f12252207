package dev.bascule.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * llama.cpp, called without anything between: {@code llama_decode} and the likeliest of its logits.
 * Its own defaults hold (weights repacked, flash attention where it can, an f16 cache) but for the
 * sizes and the threads. One thread uses it at a time; a process should have one, since its log and
 * its devices are the process's.
 */
final class LlamaCpp implements Side {
  /** llama.cpp rounds the context up. */
  private static final int CONTEXT_STEP = 256;

  private static final Pattern LLAMA = Pattern.compile("libllama(\\.v[0-9.]+)?\\.so");
  private static final Pattern GGML = Pattern.compile("libggml(\\.v[0-9.]+)?\\.so");
  private static final Pattern MAPPED_CPU = Pattern.compile("libggml-cpu-[a-z0-9]+\\.so");

  private final Arena arena = Arena.ofConfined();
  private final LlamaBindings llama;
  private final MemorySegment model;
  private final MemorySegment context;
  private final MemorySegment tokens;
  private final int chunk;
  private final int vocabulary;

  /**
   * Opens a model.
   *
   * @param library a folder with {@code libllama.so}, {@code libggml.so} and the libraries for each
   *     kind of processor, or one library that holds all of it
   */
  LlamaCpp(Path library, Settings settings) {
    this.llama = new LlamaBindings(functions(library));
    if (Files.isDirectory(library)) {
      llama.loadBackends(library.toString());
    }
    llama.initialize();
    this.model = llama.loadModel(settings.model().toString(), llama.modelDefaults(arena));
    if (model.equals(MemorySegment.NULL)) {
      throw new IllegalStateException("llama.cpp does not load " + settings.model());
    }
    this.chunk = settings.chunk();
    this.vocabulary = llama.vocabularySize(model);
    this.tokens = arena.allocate(ValueLayout.JAVA_INT, chunk);
    this.context = newContext(settings);
  }

  /** Stays loaded until the process ends: its threads may outlive a context. */
  private static SymbolLookup functions(Path library) {
    return Files.isDirectory(library)
        ? SymbolLookup.libraryLookup(file(library, LLAMA), Arena.global())
            .or(SymbolLookup.libraryLookup(file(library, GGML), Arena.global()))
        : SymbolLookup.libraryLookup(library, Arena.global());
  }

  private static Path file(Path folder, Pattern name) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> name.matcher(String.valueOf(file.getFileName())).matches())
          .findFirst()
          .orElseThrow(() -> new IllegalArgumentException("no file like " + name + " in " + folder))
          .toAbsolutePath();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private MemorySegment newContext(Settings settings) {
    MemorySegment parameters = llama.contextDefaults(arena);
    int[] sizes = {settings.context(), chunk, chunk}; // n_ctx, n_batch, n_ubatch
    MemorySegment.copy(sizes, 0, parameters, ValueLayout.JAVA_INT, 0, sizes.length);
    MemorySegment created = llama.newContext(model, parameters);
    if (created.equals(MemorySegment.NULL)) {
      throw new IllegalStateException(
          "llama.cpp has no context of " + settings.context() + " tokens for " + settings.model());
    }
    llama.setThreads(created, settings.threads(), settings.threads());
    require("n_ctx", llama.contextSize(created), settings.context(), CONTEXT_STEP);
    require("n_batch", llama.batchSize(created), chunk, 1);
    require("n_ubatch", llama.microBatchSize(created), chunk, 1);
    require("n_threads", llama.threads(created), settings.threads(), 1);
    require("n_threads_batch", llama.promptThreads(created), settings.threads(), 1);
    return created;
  }

  private static void require(String what, int got, int expected, int step) {
    if (got < expected || got >= expected + step) {
      throw new IllegalStateException(
          "llama.cpp: "
              + what
              + " was set to "
              + expected
              + " and is "
              + got
              + "; this release has its parameters elsewhere than those that are known here");
    }
  }

  @Override
  public String description() {
    return "llama.cpp "
        + llama.version().orElse("without a version")
        + cpuLibraries()
        + ", "
        + llama.systemInfo().strip();
  }

  /** Which of the libraries for each kind of processor it has taken. */
  private static String cpuLibraries() {
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      return maps.map(MAPPED_CPU::matcher)
          .filter(Matcher::find)
          .map(Matcher::group)
          .distinct()
          .collect(Collectors.joining(" ", " ", ""));
    } catch (IOException e) {
      return "";
    }
  }

  @Override
  public int vocabulary() {
    return vocabulary;
  }

  @Override
  public int read(int... ids) {
    for (int from = 0; from < ids.length; from += chunk) {
      int count = Math.min(chunk, ids.length - from);
      MemorySegment.copy(ids, from, tokens, ValueLayout.JAVA_INT, 0, count);
      llama.decode(context, tokens, count);
    }
    return largest(llama.lastLogits(context, vocabulary));
  }

  private static int largest(MemorySegment logits) {
    int count = (int) (logits.byteSize() / Float.BYTES);
    int best = 0;
    float most = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < count; i++) {
      float logit = logits.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      if (logit > most) {
        most = logit;
        best = i;
      }
    }
    return best;
  }

  @Override
  public void truncate(int kept) {
    llama.removeTokens(context, kept);
  }

  @Override
  public void close() {
    llama.freeContext(context);
    llama.freeModel(model);
    arena.close();
  }
}
