package dev.bascule.formats.importer;

import dev.bascule.core.DType;
import dev.bascule.core.Tensor;
import dev.bascule.formats.onnx.OnnxDataType;
import dev.bascule.formats.onnx.OnnxTensor;
import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** ONNX's tensors as ours: large ones in the caller's arena, small ones on the heap. */
final class Tensors {
  private static final int HEAP_BYTES_MAX = 1 << 12;
  private static final int ALIGNMENT = 64;

  private final Arena arena;
  private final Map<OnnxTensor, Tensor> copies = new HashMap<>();

  Tensors(Arena arena) {
    this.arena = arena;
  }

  static Optional<DType> dtype(OnnxDataType type) {
    return switch (type) {
      case FLOAT -> Optional.of(DType.F32);
      case DOUBLE -> Optional.of(DType.F64);
      case FLOAT16 -> Optional.of(DType.F16);
      case BFLOAT16 -> Optional.of(DType.BF16);
      case FLOAT8E4M3FN -> Optional.of(DType.F8E4M3);
      case FLOAT8E5M2 -> Optional.of(DType.F8E5M2);
      case INT64 -> Optional.of(DType.I64);
      case INT32 -> Optional.of(DType.I32);
      case INT16 -> Optional.of(DType.I16);
      case INT8 -> Optional.of(DType.I8);
      case UINT64 -> Optional.of(DType.U64);
      case UINT32 -> Optional.of(DType.U32);
      case UINT16 -> Optional.of(DType.U16);
      case UINT8 -> Optional.of(DType.U8);
      case BOOL -> Optional.of(DType.BOOL);
      case INT4 -> Optional.of(DType.I4);
      case UINT4 -> Optional.of(DType.U4);
      case UNDEFINED,
          STRING,
          COMPLEX64,
          COMPLEX128,
          FLOAT8E4M3FNUZ,
          FLOAT8E5M2FNUZ,
          FLOAT4E2M1,
          FLOAT8E8M0,
          UINT2,
          INT2,
          FLOAT6E2M3,
          FLOAT6E3M2 ->
          Optional.empty();
    };
  }

  /**
   * A copy of {@code tensor}, the same one each time.
   *
   * @param unsupported the error for a type that we do not have
   */
  Tensor tensor(OnnxTensor tensor, Function<String, ? extends RuntimeException> unsupported) {
    Tensor before = copies.get(tensor);
    if (before != null) {
      return before;
    }
    DType dtype =
        dtype(tensor.type()).orElseThrow(() -> unsupported.apply("tensor of " + tensor.type()));
    tensor.checkAvailable();
    long[] extents = tensor.dims().stream().mapToLong(Long::longValue).toArray();
    Tensor copy =
        tensor.byteSize() <= HEAP_BYTES_MAX
            ? Tensor.zeros(dtype, extents)
            : new Tensor(
                dtype, extents, arena.allocate(tensor.byteSize() + Tensor.SLACK_BYTES, ALIGNMENT));
    tensor.copyTo(copy.bytes());
    copies.put(tensor, copy);
    return copy;
  }
}
