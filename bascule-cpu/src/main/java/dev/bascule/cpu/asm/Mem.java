package dev.bascule.cpu.asm;

import org.jspecify.annotations.Nullable;

/**
 * Memory at {@code base + index * scale + displacement}.
 *
 * @param base absent: the address is {@code index * scale + displacement}
 * @param index absent: the address is {@code base + displacement}; never {@code RSP}
 * @param scale 1, 2, 4 or 8
 * @param broadcast one element, given to every lane
 */
public record Mem(
    @Nullable Gpr base, @Nullable Gpr index, int scale, int displacement, boolean broadcast)
    implements Address {
  public Mem {
    if (index == Gpr.RSP) {
      throw new IllegalArgumentException("rsp cannot be an index");
    }
    if (scale != 1 && scale != 2 && scale != 4 && scale != 8) {
      throw new IllegalArgumentException("scale " + scale + ": expected 1, 2, 4 or 8");
    }
    if (base == null && index == null) {
      throw new IllegalArgumentException("an address needs a base or an index");
    }
  }

  public static Mem at(Gpr base) {
    return new Mem(base, null, 1, 0, false);
  }

  public static Mem at(Gpr base, int displacement) {
    return new Mem(base, null, 1, displacement, false);
  }

  public static Mem at(Gpr base, Gpr index, int scale) {
    return new Mem(base, index, scale, 0, false);
  }

  public static Mem at(Gpr base, Gpr index, int scale, int displacement) {
    return new Mem(base, index, scale, displacement, false);
  }

  /** {@code index * scale + displacement}: arithmetic for {@code lea}. */
  public static Mem scaled(Gpr index, int scale, int displacement) {
    return new Mem(null, index, scale, displacement, false);
  }

  /** The same place, moved by some bytes. */
  public Mem plus(int bytes) {
    return new Mem(base, index, scale, Math.addExact(displacement, bytes), broadcast);
  }

  /** The same place, of which one element goes to every lane. */
  public Mem toAllLanes() {
    return new Mem(base, index, scale, displacement, true);
  }

  @Override
  public boolean isBroadcast() {
    return broadcast;
  }
}
