package dev.bascule.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.bascule.core.DType;
import dev.bascule.core.Tensor;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** ONNX Runtime on the CPU: all optimisations, a fixed number of intra-op threads, spinning on. */
final class Peer implements AutoCloseable {
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;

  Peer(Path model, int threads) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
      options.setIntraOpNumThreads(threads);
      options.setInterOpNumThreads(1);
      options.addConfigEntry("session.intra_op.allow_spinning", "1");
      this.session = environment.createSession(model.toString(), options);
    }
  }

  /** Inputs in the peer's own memory, so that a run copies nothing in. */
  Map<String, OnnxTensor> inputs(Map<String, Tensor> tensors) throws OrtException {
    Map<String, OnnxTensor> inputs = new HashMap<>();
    for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
      Tensor tensor = entry.getValue();
      ByteBuffer bytes =
          ByteBuffer.allocateDirect(Math.toIntExact(tensor.bytes().byteSize()))
              .order(ByteOrder.nativeOrder());
      MemorySegment.ofBuffer(bytes).copyFrom(tensor.bytes());
      if (tensor.dtype() != DType.I64) {
        throw new IllegalArgumentException("the peer's inputs are i64 here, not " + tensor.dtype());
      }
      inputs.put(
          entry.getKey(),
          OnnxTensor.createTensor(environment, bytes.asLongBuffer(), tensor.extents()));
    }
    return inputs;
  }

  /** The first output, copied out as {@link dev.bascule.engine.Session#run} copies its outputs. */
  float[] run(Map<String, OnnxTensor> inputs) throws OrtException {
    try (OrtSession.Result result = session.run(inputs)) {
      FloatBuffer values = ((OnnxTensor) result.get(0)).getFloatBuffer();
      float[] copy = new float[values.remaining()];
      values.get(copy);
      return copy;
    }
  }

  @Override
  public void close() throws OrtException {
    session.close();
  }
}
