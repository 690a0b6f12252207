package dev.bascule.models;

import dev.bascule.formats.StoredTensor;
import dev.bascule.formats.huggingface.HuggingFaceFolder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Where weights lie under the names of Hugging Face. */
final class HuggingFaceNames implements FileWeights.Names {
  private final DecoderConfig config;
  private final Map<String, StoredTensor> tensors;
  private final Optional<ScaledBlocks> scaledBlocks;

  HuggingFaceNames(DecoderConfig config, HuggingFaceFolder folder) {
    this.config = config;
    this.scaledBlocks = ScaledBlocks.of(folder.config());
    this.tensors = folder.tensors();
  }

  @Override
  public Family.Pairs pairs() {
    return config.family().huggingFacePairs();
  }

  @Override
  public Optional<ScaledBlocks> scaledBlocks() {
    return scaledBlocks;
  }

  @Override
  public boolean hasTransposedKeys(int layer) {
    return false;
  }

  @Override
  public String name(WeightSource.Key key) {
    return name(key, 0);
  }

  private static String name(WeightSource.Key key, int expert) {
    String name = key.role().huggingFaceName(key.layer(), expert);
    return key.role() == Role.ROUTER_BIAS ? name : name + (key.isBias() ? ".bias" : ".weight");
  }

  @Override
  public List<FileWeights.Piece> find(WeightSource.Key key) {
    return switch (key.role()) {
      case EXPERT_GATE, EXPERT_UP, EXPERT_DOWN -> experts(key);
      case KEY_UP, VALUE_UP -> latentParts(key);
      case GATE, UP -> {
        List<FileWeights.Piece> own = whole(name(key));
        yield own.isEmpty() ? half(key) : own;
      }
      default -> whole(name(key));
    };
  }

  private List<FileWeights.Piece> whole(String name) {
    StoredTensor tensor = tensors.get(name);
    return tensor == null || tensor.dims().isEmpty()
        ? List.of()
        : List.of(FileWeights.Piece.whole(tensor));
  }

  /** One tensor for each expert, or all in one with gate and up as its halves. */
  private List<FileWeights.Piece> experts(WeightSource.Key key) {
    int count = config.experts().orElseThrow().count();
    StoredTensor all = tensors.get(fusedExperts(key));
    List<FileWeights.Piece> pieces = new ArrayList<>();
    for (int expert = 0; expert < count; expert++) {
      if (all == null) {
        pieces.addAll(whole(name(key, expert)));
        continue;
      }
      long rows = key.role().extents(config)[1];
      long parts = key.role() == Role.EXPERT_DOWN ? 1 : 2;
      long part = key.role() == Role.EXPERT_UP ? 1 : 0;
      pieces.add(new FileWeights.Piece(all, (expert * parts + part) * rows, rows));
    }
    return pieces;
  }

  private static String fusedExperts(WeightSource.Key key) {
    return key.role()
        .huggingFaceName(key.layer(), 0)
        .replace(".0.gate_proj", ".gate_up_proj")
        .replace(".0.up_proj", ".gate_up_proj")
        .replace(".0.down_proj", ".down_proj");
  }

  /** Gate and up as the halves of one tensor. */
  private List<FileWeights.Piece> half(WeightSource.Key key) {
    StoredTensor both = tensors.get("model.layers." + key.layer() + ".mlp.gate_up_proj.weight");
    if (both == null) {
      return List.of();
    }
    long rows = config.intermediate();
    return List.of(new FileWeights.Piece(both, key.role() == Role.UP ? rows : 0, rows));
  }

  /** Each head's rows for keys, or for values, of the tensor that has both. */
  private List<FileWeights.Piece> latentParts(WeightSource.Key key) {
    return latentParts(config, key.role(), tensors.get(name(key)));
  }

  static List<FileWeights.Piece> latentParts(
      DecoderConfig config, Role role, @org.jspecify.annotations.Nullable StoredTensor both) {
    if (both == null) {
      return List.of();
    }
    DecoderConfig.Latent latent = config.latent().orElseThrow();
    List<FileWeights.Piece> pieces = new ArrayList<>();
    long plain = latent.plainDim();
    long value = latent.valueDim();
    for (int head = 0; head < config.heads(); head++) {
      long first = head * (plain + value);
      pieces.add(
          role == Role.KEY_UP
              ? new FileWeights.Piece(both, first, plain)
              : new FileWeights.Piece(both, first + plain, value));
    }
    return pieces;
  }
}
