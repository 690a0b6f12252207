package dev.bascule.cli;

import dev.bascule.core.Tensor;
import dev.bascule.core.kernel.Storage;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * A tensor in a few numbers.
 *
 * @param least smallest element that is a number; NaN where there is none, as for {@code greatest}
 *     and {@code mean}
 * @param nans elements that are not a number
 * @param sha256 of the bytes in row-major order, little-endian, each NaN as the one quiet NaN:
 *     equal where all bits that mean something are equal
 */
record TensorSummary(
    double least, double greatest, double mean, long nans, List<Double> first, String sha256) {
  private static final int FIRST_MAX = 4;
  private static final int BLOCK_BYTES = 1 << 16;

  TensorSummary {
    first = List.copyOf(first);
  }

  static TensorSummary of(Tensor tensor) {
    double least = Double.NaN;
    double greatest = Double.NaN;
    double sum = 0;
    long nans = 0;
    List<Double> first = new ArrayList<>();
    for (long i = 0; i < tensor.elements(); i++) {
      double value = tensor.number(i);
      if (i < FIRST_MAX) {
        first.add(value);
      }
      if (Double.isNaN(value)) {
        nans++;
      } else {
        least = value < least || Double.isNaN(least) ? value : least;
        greatest = value > greatest || Double.isNaN(greatest) ? value : greatest;
        sum += value;
      }
    }
    double mean = sum / (tensor.elements() - nans);
    return new TensorSummary(
        least, greatest, mean, nans, first, sha256(nans == 0 ? tensor : quiet(tensor)));
  }

  /** A copy in which every NaN has the same bits. */
  private static Tensor quiet(Tensor tensor) {
    Tensor copy = Tensor.zeros(tensor.dtype(), tensor.extents());
    copy.bytes().copyFrom(tensor.bytes());
    for (long i = 0; i < copy.elements(); i++) {
      if (Double.isNaN(copy.number(i))) {
        Storage.storeNumber(copy.dtype(), copy.bytes(), i, Double.NaN);
      }
    }
    return copy;
  }

  private static String sha256(Tensor tensor) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] block = new byte[BLOCK_BYTES];
      MemorySegment to = MemorySegment.ofArray(block);
      for (long at = 0; at < tensor.bytes().byteSize(); at += block.length) {
        int part = (int) Math.min(block.length, tensor.bytes().byteSize() - at);
        MemorySegment.copy(tensor.bytes(), at, to, 0, part);
        digest.update(block, 0, part);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append(Text.format("min %.6g, max %.6g, mean %.6g", least, greatest, mean));
    if (nans > 0) {
      text.append(", ").append(Text.count(nans, "NaN"));
    }
    return text.append(", first ").append(first).toString();
  }
}
