package dev.bascule.formats.onnx;

/**
 * What a model file may ask for before it is refused. Tensors do not count: their bytes stay in the
 * file until they are asked for.
 *
 * @param structureBytesMax heap that names, nodes, attributes and shapes may take, estimated
 * @param depthMax how deep messages (graphs in attributes, types in types) may be nested
 * @param rankMax dimensions of a tensor
 */
public record OnnxLimits(long structureBytesMax, int depthMax, int rankMax) {
  /**
   * Far above any model seen (a thousand layers take 100 MB), far below what would hurt a usual
   * heap.
   */
  public static OnnxLimits usual() {
    return new OnnxLimits(512L << 20, 100, 64);
  }

  public OnnxLimits {
    if (structureBytesMax < 1 || depthMax < 1 || rankMax < 1) {
      throw new IllegalArgumentException(
          "limits: expected numbers above zero, got "
              + structureBytesMax
              + ", "
              + depthMax
              + ", "
              + rankMax);
    }
  }
}
