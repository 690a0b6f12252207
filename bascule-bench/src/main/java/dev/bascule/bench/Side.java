package dev.bascule.bench;

import java.nio.file.Path;

/** One implementation of language models, opened with a model and with one text under way. */
interface Side extends AutoCloseable {
  /**
   * How it is to run.
   *
   * @param model a GGUF file
   * @param context tokens that must fit
   * @param chunk tokens of a prompt that are taken at a time
   * @param isa instruction set of Bascule: best, avx512, avx2; others choose for themselves
   */
  record Settings(Path model, int threads, int context, int chunk, String isa) {
    public Settings {
      chunk = Math.min(chunk, context);
    }

    static Settings of(Options options) {
      return new Settings(
          Path.of(options.required("model")),
          options.number("threads", 2),
          options.number("context", 4096),
          options.number("chunk", 512),
          options.text("isa", "best"));
    }
  }

  /** Its version and what it runs on. */
  String description();

  int vocabulary();

  /**
   * Reads tokens behind those that are there.
   *
   * @return the likeliest id of the next one
   */
  int read(int... ids);

  /** Forgets what comes after the first {@code tokens} tokens. */
  void truncate(int tokens);

  /** The ids that follow a prompt, the likeliest each time; the prompt begins a new text. */
  default int[] greedy(int count, int... prompt) {
    truncate(0);
    int[] ids = new int[count];
    int[] next = prompt;
    for (int i = 0; i < count; i++) {
      ids[i] = read(next);
      next = new int[] {ids[i]};
    }
    return ids;
  }

  @Override
  void close();
}
