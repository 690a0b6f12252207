package dev.bascule.llm;

import dev.bascule.core.DeviceException;
import dev.bascule.core.device.Device;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Linear;
import dev.bascule.engine.Engine;
import dev.bascule.engine.Footprint;
import dev.bascule.engine.Plan;
import dev.bascule.models.CacheType;
import dev.bascule.models.Decoder;
import dev.bascule.models.DecoderConfig;
import dev.bascule.models.DecoderModel;
import dev.bascule.models.Weights;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * A decoder with its weights on a device, ready for any number of {@link Sequence}s at once. Owns
 * its weights and its plan; the device stays the caller's.
 */
public final class LanguageModel implements AutoCloseable {
  /**
   * How a model is run.
   *
   * @param context positions that a sequence has room for
   * @param chunk tokens of a prompt that are taken at a time
   * @param cache how keys and values are kept
   * @param activations what becomes of activations before quantised weights
   */
  public record Settings(int context, int chunk, CacheType cache, Linear.Activations activations) {
    private static final int CONTEXT_USUAL = 4096;
    private static final int CHUNK_USUAL = 256;

    public Settings {
      if (context <= 0 || chunk <= 0) {
        throw new IllegalArgumentException(
            "a context of "
                + context
                + " and chunks of "
                + chunk
                + " tokens: both must be positive");
      }
    }

    /** 4096 positions in f16, 8-bit activations. */
    public static Settings usual() {
      return new Settings(CONTEXT_USUAL, CHUNK_USUAL, CacheType.F16, Linear.Activations.INT8);
    }

    /**
     * What fits a model: its rotation may be known for fewer positions, and a chunk is no longer.
     */
    private Settings within(DecoderConfig config) {
      int positions = Math.min(context, config.positionsMax().orElse(context));
      return withContext(positions).withChunk(Math.min(chunk, positions));
    }

    public Settings withContext(int positions) {
      return new Settings(positions, chunk, cache, activations);
    }

    public Settings withChunk(int tokens) {
      return new Settings(context, tokens, cache, activations);
    }

    public Settings withCache(CacheType type) {
      return new Settings(context, chunk, type, activations);
    }

    public Settings withActivations(Linear.Activations rounding) {
      return new Settings(context, chunk, cache, rounding);
    }
  }

  private final DecoderModel decoder;
  private final Settings settings;
  private final Engine engine;
  private final Plan plan;

  /** Compiles a decoder for {@code device}; owns {@code decoder} from now on. */
  public LanguageModel(DecoderModel decoder, Device device, Settings settings) {
    this(decoder, () -> device, settings);
  }

  private LanguageModel(DecoderModel decoder, Supplier<Device> opening, Settings settings) {
    this.decoder = decoder;
    this.settings = settings.within(decoder.config());
    Graph graph = graph(decoder, this.settings);
    Device device = opening.get();
    requireRoom(device, decoder, this.settings);
    this.engine = new Engine(device);
    this.plan = engine.compile(graph);
  }

  private static Graph graph(DecoderModel decoder, Settings settings) {
    Decoder.Limits limits =
        new Decoder.Limits(
            settings.context, settings.chunk, 1, settings.cache, settings.activations);
    return Decoder.graph(decoder.config(), decoder.weights(), limits);
  }

  /**
   * The memory that {@code decoder} and one sequence would take on {@code device}, by the plan that
   * would run: weights are not loaded.
   */
  public static Footprint footprint(DecoderModel decoder, Device device, Settings settings) {
    try (Engine engine = new Engine(device)) {
      return engine.footprint(graph(decoder, settings.within(decoder.config())));
    }
  }

  /**
   * What cannot fit is refused before it is tried: a system that runs out of memory ends processes
   * without a word. The embedding table stays in its file, unless it is the output layer too.
   */
  private static void requireRoom(Device device, DecoderModel decoder, Settings settings) {
    DecoderConfig config = decoder.config();
    long table = config.features().tiedEmbeddings() ? 0 : decoder.weights().embeddingBytes();
    long weights = decoder.weights().storedBytes() - table;
    double positionBits =
        (double) config.layers() * config.cachedElements() * settings.cache.bits();
    double cache = settings.context * positionBits / Byte.SIZE;
    long room = device.info().memoryBytes();
    if (room > 0 && weights + cache > room) {
      throw new DeviceException(
          String.format(
              Locale.ROOT,
              "%s on %s: %.1f GB of weights and %.1f GB of caches for %d positions do not fit into"
                  + " its %.1f GB of memory; use a smaller or quantised model, or a shorter context",
              decoder.file().map(file -> file.path().toString()).orElse("the model"),
              device.info().id(),
              weights / 1e9,
              cache / 1e9,
              settings.context,
              room / 1e9));
    }
  }

  /**
   * Opens a GGUF file or a Hugging Face folder.
   *
   * @throws dev.bascule.formats.FormatException if it is broken or of an architecture that is not
   *     known
   */
  public static LanguageModel open(Path path, Device device, Settings settings) {
    return open(path, () -> device, settings);
  }

  /**
   * Opens a model while its device is still being opened: it is asked for when it is needed.
   *
   * @param device stays the caller's
   * @throws dev.bascule.formats.FormatException if the model is broken or of an architecture that
   *     is not known
   */
  public static LanguageModel open(Path path, Supplier<Device> device, Settings settings) {
    DecoderModel decoder = DecoderModel.open(path);
    try {
      return new LanguageModel(decoder, device, settings);
    } catch (RuntimeException e) {
      decoder.close();
      throw e;
    }
  }

  public DecoderConfig config() {
    return decoder.config();
  }

  public Settings settings() {
    return settings;
  }

  Weights weights() {
    return decoder.weights();
  }

  Engine engine() {
    return engine;
  }

  Plan plan() {
    return plan;
  }

  /** Bytes of weights that one token reads. */
  public long bytesPerToken() {
    return decoder.weights().bytesPerToken();
  }

  /** How the plan runs: kernels, numerics, memory. */
  public String explain() {
    return plan.explain();
  }

  /** A new, empty sequence; the caller closes it. */
  public Sequence sequence() {
    return new Sequence(this);
  }

  @Override
  public void close() {
    plan.close();
    engine.close();
    decoder.close();
  }
}
