package dev.bascule.formats.onnx;

import dev.bascule.formats.InputFile;
import java.nio.file.Path;

/**
 * One tensor in a file of its own: the {@code input_0.pb} of ONNX's test folders. Whoever opens it
 * closes it.
 */
public final class OnnxTensorFile implements AutoCloseable {
  private final InputFile file;
  private final ExternalFiles external;
  private final OnnxTensor tensor;

  private OnnxTensorFile(InputFile file, ExternalFiles external, OnnxTensor tensor) {
    this.file = file;
    this.external = external;
    this.tensor = tensor;
  }

  public static OnnxTensorFile open(Path path) {
    InputFile file = InputFile.open(path);
    ExternalFiles external = new ExternalFiles(path);
    OnnxLimits limits = OnnxLimits.usual();
    try {
      Place place = new Place();
      place.enter("tensor", -1);
      WireReader wire = new WireReader(file, limits, place, 0, file.size());
      OnnxTensor tensor = new TensorParser(wire, file, external, limits).tensorHere(0);
      return new OnnxTensorFile(file, external, tensor);
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  public OnnxTensor tensor() {
    return tensor;
  }

  @Override
  public void close() {
    external.close();
    file.close();
  }
}
