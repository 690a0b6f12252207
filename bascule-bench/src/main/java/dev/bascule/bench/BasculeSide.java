package dev.bascule.bench;

import dev.bascule.core.device.Device;
import dev.bascule.core.device.DeviceOptions;
import dev.bascule.llm.LanguageModel;
import dev.bascule.llm.Sequence;
import dev.bascule.llm.sampling.Sampler;
import dev.bascule.llm.sampling.Sampling;
import java.util.Map;

/** Bascule as its users have it: an f16 cache, 8-bit activations, the sampler that is greedy. */
final class BasculeSide implements Side {
  private final Device device;
  private final LanguageModel model;
  private final Sequence sequence;
  private final Sampler sampler;
  private final float[] logits;

  BasculeSide(Settings settings) {
    this.device =
        EmbeddingModel.device(
            "cpu", new DeviceOptions(settings.threads(), Map.of("cpu.isa", settings.isa())));
    this.model =
        LanguageModel.open(
            settings.model(),
            device,
            LanguageModel.Settings.usual()
                .withContext(settings.context())
                .withChunk(settings.chunk()));
    this.sequence = model.sequence();
    this.sampler = new Sampler(Sampling.GREEDY, vocabulary());
    this.logits = new float[vocabulary()];
  }

  @Override
  public String description() {
    return device.info().description();
  }

  @Override
  public int vocabulary() {
    return model.config().vocabulary();
  }

  @Override
  public int read(int... ids) {
    sequence.add(ids, logits);
    int id = sampler.choose(logits);
    sampler.accept(id);
    return id;
  }

  @Override
  public void truncate(int tokens) {
    sequence.truncate(tokens);
  }

  @Override
  public void close() {
    sequence.close();
    model.close();
    device.close();
  }
}
