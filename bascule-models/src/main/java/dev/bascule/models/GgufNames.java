package dev.bascule.models;

import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.gguf.GgufFile;
import java.util.List;
import java.util.Map;

/** Where weights lie under the names of llama.cpp. */
final class GgufNames implements FileWeights.Names {
  private final DecoderConfig config;
  private final Map<String, StoredTensor> tensors;

  GgufNames(DecoderConfig config, GgufFile file) {
    this.config = config;
    this.tensors = file.tensors();
  }

  @Override
  public Family.Pairs pairs() {
    return config.family().ggufPairs();
  }

  @Override
  public boolean hasTransposedKeys(int layer) {
    return tensors.containsKey(name(new WeightSource.Key(Role.KEY_UP, layer, false)));
  }

  @Override
  public String name(WeightSource.Key key) {
    boolean isBias = key.isBias() || key.role() == Role.ROUTER_BIAS;
    return key.role().ggufName(key.layer(), config.family()) + (isBias ? ".bias" : ".weight");
  }

  @Override
  public List<FileWeights.Piece> find(WeightSource.Key key) {
    StoredTensor tensor = tensors.get(name(key));
    boolean isLatent = key.role() == Role.KEY_UP || key.role() == Role.VALUE_UP;
    if (tensor == null && isLatent) {
      String both = "blk." + key.layer() + ".attn_kv_b.weight";
      return HuggingFaceNames.latentParts(config, key.role(), tensors.get(both));
    }
    if (config.family() == Family.GLM4 && (key.role() == Role.GATE || key.role() == Role.UP)) {
      return half(key);
    }
    return tensor == null || tensor.dims().isEmpty()
        ? List.of()
        : List.of(FileWeights.Piece.whole(tensor));
  }

  /** This family has gate and up as the halves of one tensor. */
  private List<FileWeights.Piece> half(WeightSource.Key key) {
    StoredTensor both = tensors.get(name(new WeightSource.Key(Role.UP, key.layer(), false)));
    if (both == null) {
      return List.of();
    }
    long rows = config.intermediate();
    return List.of(new FileWeights.Piece(both, key.role() == Role.UP ? rows : 0, rows));
  }
}
