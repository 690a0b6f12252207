package dev.bascule.cpu.linear;

import dev.bascule.core.quant.QuantType;
import dev.bascule.core.quant.UnpackedBlock;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Packs types that have no layout of their own: whole bytes, and f32 scales and offsets for each
 * group.
 */
final class BlockPacker implements TilePacker {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final BlockFormat format;
  private final QuantType type;
  private final long rowBytes;
  private final int lanes;
  private final UnpackedBlock block = new UnpackedBlock();

  BlockPacker(BlockFormat format, long k) {
    this.format = format;
    this.type = format.type();
    this.rowBytes = type.bytes(k);
    this.lanes = format.lanes();
  }

  @Override
  public void pack(MemorySegment rows, long at, int count, MemorySegment tile) {
    if (count < lanes) {
      tile.fill((byte) 0);
    }
    int units = type.blockElements() / BlockFormat.BLOCK;
    for (int index = 0; index < rowBytes / type.blockBytes(); index++) {
      for (int lane = 0; lane < count; lane++) {
        type.unpack(rows, at + lane * rowBytes + (long) index * type.blockBytes(), block);
        for (int unit = 0; unit < units; unit++) {
          long to = ((long) index * units + unit) * format.unitBytes();
          scales(tile, to, unit, lane);
          numbers(tile, to + format.headerBytes(), unit, lane);
        }
      }
    }
  }

  private void scales(MemorySegment tile, long to, int unit, int lane) {
    for (int group = 0; group < format.groups(); group++) {
      int index = unit * format.groups() + group;
      long place = to + (long) Float.BYTES * (lanes * group + lane);
      tile.set(FLOAT, place, block.scale(index));
      if (type.hasOffsets()) {
        long offsets = (long) Float.BYTES * lanes * format.groups();
        tile.set(FLOAT, place + offsets, block.offset(index));
      }
    }
  }

  private void numbers(MemorySegment tile, long to, int unit, int lane) {
    for (int i = 0; i < BlockFormat.BLOCK; i++) {
      int number = block.number(unit * BlockFormat.BLOCK + i) + format.bias();
      long vector = (long) (i / BlockFormat.QUAD) * format.vectorBytes();
      long place = to + vector + (long) BlockFormat.QUAD * lane + i % BlockFormat.QUAD;
      tile.set(ValueLayout.JAVA_BYTE, place, (byte) number);
    }
  }
}
