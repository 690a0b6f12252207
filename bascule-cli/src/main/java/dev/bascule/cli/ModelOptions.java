package dev.bascule.cli;

import dev.bascule.core.graph.Linear;
import dev.bascule.llm.LanguageModel;
import dev.bascule.models.CacheType;
import java.util.Locale;
import picocli.CommandLine.Option;

/** How a language model is run. */
final class ModelOptions {
  @Option(
      names = "--context",
      paramLabel = "N",
      defaultValue = "4096",
      description = "tokens that prompt and answer have room for (default: ${DEFAULT-VALUE})")
  private int context;

  @Option(
      names = "--chunk",
      paramLabel = "N",
      defaultValue = "256",
      description = "tokens of a prompt that are taken at a time (default: ${DEFAULT-VALUE})")
  private int chunk;

  @Option(
      names = "--cache",
      paramLabel = "TYPE",
      defaultValue = "f16",
      description =
          "type of keys and values in the cache: f16, bf16, f32, q8_0 (default: ${DEFAULT-VALUE})")
  private String cache = "";

  @Option(
      names = "--activations",
      paramLabel = "TYPE",
      defaultValue = "int8",
      description = {
        "before quantised weights: int8, rounded for each 32 (default), or f32;",
        "the device may have no fast kernel for f32"
      })
  private String activations = "";

  LanguageModel.Settings settings() {
    if (context <= 0 || chunk <= 0) {
      throw new RequestException(
          "--context and --chunk must be 1 or more, not " + context + " and " + chunk);
    }
    Linear.Activations rounding =
        switch (activations.toLowerCase(Locale.ROOT)) {
          case "int8" -> Linear.Activations.INT8;
          case "f32" -> Linear.Activations.F32;
          default ->
              throw new RequestException(
                  "--activations is int8 or f32, not " + Text.quote(activations));
        };
    return new LanguageModel.Settings(context, chunk, cacheType(cache), rounding);
  }

  static CacheType cacheType(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "f16" -> CacheType.F16;
      case "bf16" -> CacheType.BF16;
      case "f32" -> CacheType.F32;
      case "q8_0" -> CacheType.Q8_0;
      default ->
          throw new RequestException("--cache is f16, bf16, f32 or q8_0, not " + Text.quote(name));
    };
  }
}
