package dev.bascule.cpu;

import dev.bascule.cpu.cache.CacheCode;
import dev.bascule.cpu.cache.CacheFormat;
import dev.bascule.cpu.gemm.Gemm;
import dev.bascule.cpu.gemm.Matrix;
import dev.bascule.cpu.gemm.PackedMatrix;
import dev.bascule.cpu.gemm.RightOperand;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Keys or values of a cache, [position, head, element] with dense rows, and the ways to read them.
 *
 * @param scales of blocks, [position, head, block] with dense rows, where numbers have them
 * @param widener what turns rows into f32, where they are not
 */
record CachedRows(
    AttentionOperand numbers,
    Optional<AttentionOperand> scales,
    CacheFormat format,
    Optional<RowWidener> widener) {

  /** Where a row's numbers begin. */
  long address(int head, long position) {
    return numbers.address(format.bytes(), position, head);
  }

  /** As they lie. */
  CacheCode.Rows rows(int head, long position) {
    long at = address(head, position);
    long stride = numbers.strides()[0] * format.bytes();
    if (scales.isEmpty()) {
      return new CacheCode.Rows(at, stride, 0, 0);
    }
    AttentionOperand own = scales.get();
    long scalesAt = own.address(Short.BYTES, position, head);
    return new CacheCode.Rows(at, stride, scalesAt, own.strides()[0] * Short.BYTES);
  }

  /**
   * In f32, [position, element].
   *
   * @param target for so many rows
   * @param arguments that nobody else uses meanwhile
   */
  Matrix matrix(
      int head, long position, long count, MemorySegment target, MemorySegment arguments) {
    if (widener.isEmpty()) {
      return new Matrix(numbers.address(Float.BYTES, position, head), numbers.strides()[0], 1);
    }
    RowWidener own = widener.get();
    own.widen(this, head, position, count, target, arguments);
    return Matrix.rowMajor(target.address(), own.columns());
  }

  /** As the right operand of products with rows, [element, position]; packed where that is done. */
  RightOperand transposed(
      int head, long position, long count, AttentionScratch tile, Optional<Gemm> packing) {
    if (packing.isEmpty()) {
      return matrix(head, position, count, tile.keys(), tile.arguments()).transposed();
    }
    Gemm gemm = packing.get();
    long depth = tile.width();
    PackedMatrix packed = gemm.packedAt(tile.packed(), depth, count);
    for (long from = 0; from < count; from += gemm.panelColumns()) {
      long some = Math.min(gemm.panelColumns(), count - from);
      Matrix rows = matrix(head, position + from, some, tile.keys(), tile.arguments());
      gemm.pack(rows.transposed(), packed, from, from + some, tile.workspace());
    }
    return packed;
  }
}
