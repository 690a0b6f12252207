package dev.bascule.formats.onnx;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.InputFile;
import java.nio.file.Path;

/**
 * An ONNX model in a file: its structure, read and checked, and its tensors, which stay in the file
 * (and in the external data files beside it) until they are asked for. Whoever opens it closes it;
 * its tensors are gone then.
 */
public final class OnnxFile implements AutoCloseable {
  private final InputFile file;
  private final ExternalFiles external;
  private final OnnxModel model;

  private OnnxFile(InputFile file, ExternalFiles external, OnnxModel model) {
    this.file = file;
    this.external = external;
    this.model = model;
  }

  public static OnnxFile open(Path path) {
    return open(path, OnnxLimits.usual());
  }

  /**
   * Opens a model of any size.
   *
   * @throws FormatException if it is broken, or asks for more than {@code limits}
   */
  public static OnnxFile open(Path path, OnnxLimits limits) {
    InputFile file = InputFile.open(path);
    ExternalFiles external = new ExternalFiles(path);
    try {
      OnnxModel model = new OnnxParser(file, external, limits).model();
      OnnxTopology.check(model, path);
      return new OnnxFile(file, external, model);
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  public Path path() {
    return file.path();
  }

  public OnnxModel model() {
    return model;
  }

  @Override
  public void close() {
    external.close();
    file.close();
  }
}
