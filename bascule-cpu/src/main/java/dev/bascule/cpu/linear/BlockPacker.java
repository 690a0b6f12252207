package dev.bascule.cpu.linear;

import dev.bascule.core.quant.UnpackedBlock;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Writes one tile of a {@link BlockFormat}. */
final class BlockPacker {
  private static final ValueLayout.OfInt WORD =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort HALF =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int NIBBLES = 0x0F0F_0F0F;

  private final BlockFormat format;
  private final MemorySegment tile;
  private final int lanes;

  /** The numbers of a row's block, four unsigned bytes in each. */
  private final int[] words = new int[BlockFormat.VECTORS];

  BlockPacker(BlockFormat format, MemorySegment tile) {
    this.format = format;
    this.tile = tile;
    this.lanes = format.lanes();
  }

  void pack(MemorySegment rows, long at, int count, long k) {
    if (count < lanes) {
      tile.fill((byte) 0);
    }
    long rowBytes = format.type().bytes(k);
    int blockBytes = format.type().blockBytes();
    int blocks = (int) (rowBytes / blockBytes);
    int units = format.type().blockElements() / BlockFormat.BLOCK / format.scaling().unitBlocks;
    UnpackedBlock unpacked = new UnpackedBlock();
    NumberWords numbers = NumberWords.of(format);
    for (int block = 0; block < blocks; block++) {
      for (int lane = 0; lane < count; lane++) {
        long from = at + lane * rowBytes + (long) block * blockBytes;
        if (format.scaling() == BlockFormat.Scaling.F32) {
          format.type().unpack(rows, from, unpacked);
        }
        for (int unit = 0; unit < units; unit++) {
          long to = ((long) block * units + unit) * format.unitBytes();
          header(rows, from, unpacked, unit, to, lane);
          for (int i = 0; i < format.scaling().unitBlocks; i++) {
            int part = unit * format.scaling().unitBlocks + i;
            numbers.read(rows, from, unpacked, part, words);
            numbers(to + format.headerBytes() + (long) i * format.blockBytes(), lane);
          }
        }
      }
    }
  }

  private void header(
      MemorySegment rows, long from, UnpackedBlock unpacked, int unit, long to, int lane) {
    switch (format.scaling()) {
      case F16 -> {
        half(rows, from, to, lane);
        if (format.type().hasOffsets()) {
          half(rows, from + Short.BYTES, to + (long) Short.BYTES * lanes, lane);
        }
      }
      case F32 -> {
        for (int group = 0; group < format.groups(); group++) {
          int index = unit * format.groups() + group;
          long place = to + (long) Float.BYTES * lanes * group;
          tile.set(FLOAT, place + (long) Float.BYTES * lane, unpacked.scale(index));
          if (format.type().hasOffsets()) {
            place += (long) Float.BYTES * lanes * format.groups();
            tile.set(FLOAT, place + (long) Float.BYTES * lane, unpacked.offset(index));
          }
        }
      }
      case SIX_BIT -> {
        half(rows, from, to, lane);
        half(rows, from + Short.BYTES, to + (long) Short.BYTES * lanes, lane);
        long scales = to + 2L * Short.BYTES * lanes;
        bytes(rows, from + 2L * Short.BYTES, SixBitScales.BYTES, scales, lane);
      }
      case EIGHT_BIT -> {
        int count = format.scaling().unitBlocks * format.groups();
        long d = from + format.type().blockBytes() - Short.BYTES;
        half(rows, d, to, lane);
        bytes(rows, d - count, count, to + (long) Short.BYTES * lanes, lane);
      }
    }
  }

  private void half(MemorySegment rows, long from, long to, int lane) {
    tile.set(HALF, to + (long) Short.BYTES * lane, rows.get(HALF, from));
  }

  private void bytes(MemorySegment rows, long from, int count, long to, int lane) {
    for (int i = 0; i < count; i++) {
      byte value = rows.get(ValueLayout.JAVA_BYTE, from + i);
      tile.set(ValueLayout.JAVA_BYTE, to + (long) i * lanes + lane, value);
    }
  }

  private void numbers(long to, int lane) {
    int step = format.vectorBytes();
    long place = to + (long) BlockFormat.QUAD * lane;
    if (format.bits() == 8) {
      for (int i = 0; i < words.length; i++) {
        tile.set(WORD, place + (long) i * step, words[i]);
      }
      return;
    }
    for (int i = 0; i < words.length; i += 2) {
      int pair = words[i] & NIBBLES | (words[i + 1] & NIBBLES) << 4;
      tile.set(WORD, place, pair);
      place += step;
    }
    planes(place, step);
  }

  /** The bits above the nibbles: those of vectors 0, 1, 2 ... from the lowest bit on. */
  private void planes(long place, int step) {
    int planes = format.planes();
    int perPlane = planes == 0 ? 0 : Byte.SIZE / planes;
    int mask = planes == 1 ? 0x0101_0101 : 0x0303_0303;
    for (int plane = 0; plane < planes; plane++) {
      int gathered = 0;
      for (int i = 0; i < perPlane; i++) {
        gathered |= (words[plane * perPlane + i] >>> 4 & mask) << i * planes;
      }
      tile.set(WORD, place + (long) plane * step, gathered);
    }
  }
}
