package dev.bascule.cpu;

import dev.bascule.core.Bindings;
import dev.bascule.core.DeviceException;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.View;
import dev.bascule.cpu.gemm.Matrix;
import java.lang.foreign.MemorySegment;

/** Where an operand of an attention lies; offset and strides in elements. */
record AttentionOperand(MemorySegment memory, long offset, long[] strides) {

  /**
   * A view of {@code memory} with its dimensions known.
   *
   * @param what it is, for the error where the memory is too small
   */
  static AttentionOperand of(
      LibraryCall call, String what, MemorySegment memory, View view, Bindings dims) {
    long[] extents = view.shape().evaluate(dims);
    long[] strides = new long[extents.length];
    long offset = view.offset().evaluate(dims);
    long last = offset;
    boolean isEmpty = false;
    for (int axis = 0; axis < extents.length; axis++) {
      strides[axis] = view.strides().get(axis).evaluate(dims);
      last += Math.max(0, strides[axis]) * Math.max(0, extents[axis] - 1);
      isEmpty |= extents[axis] == 0;
    }
    long needed = view.dtype().bytes(last + 1);
    if (!isEmpty && memory.byteSize() < needed) {
      throw new DeviceException(
          "cpu: attention \""
              + call.name()
              + "\" needs "
              + needed
              + " bytes for "
              + what
              + " "
              + view.shape()
              + ", got "
              + memory.byteSize());
    }
    return new AttentionOperand(memory, offset, strides);
  }

  /** The same where an axis of one element stands for one of any extent. */
  AttentionOperand repeated(long[] extents) {
    long[] repeating = strides.clone();
    for (int axis = 0; axis < extents.length; axis++) {
      repeating[axis] = extents[axis] == 1 ? 0 : repeating[axis];
    }
    return new AttentionOperand(memory, offset, repeating);
  }

  static void requireOperands(LibraryCall call, int expected, int got) {
    if (got != expected) {
      throw new DeviceException(
          "cpu: attention \""
              + call.name()
              + "\" takes "
              + expected
              + " operands with its results and workspace, got "
              + got);
    }
  }

  /** An element of an operand of rank 3 or 4, whose last index is 0. */
  long element(long... indices) {
    long element = offset;
    for (int axis = 0; axis < indices.length; axis++) {
      element += indices[axis] * strides[axis];
    }
    return element;
  }

  /** The address of an element of so many bytes. */
  long address(int bytes, long... indices) {
    return memory.address() + element(indices) * bytes;
  }

  /** The last two axes of f32, from the element at {@code indices} on. */
  Matrix matrix(long... indices) {
    int rows = strides.length - 2;
    return new Matrix(address(Float.BYTES, indices), strides[rows], strides[rows + 1]);
  }
}
