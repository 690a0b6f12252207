package dev.bascule.core.device;

import java.lang.foreign.MemorySegment;

/**
 * A layout a library kernel wants a constant operand in, made once and shared by all plans and
 * sessions.
 */
public interface Encoding {
  /** Identifies the layout: equal names for equal views give equal bytes. */
  String name();

  long bytes();

  /** The bytes of an operand, in its view's layout; several threads may read at once. */
  interface Source {
    /** Fills {@code to} with the bytes from {@code from} on, whole rows of the last axis. */
    void read(long from, MemorySegment to);

    /** All bytes in memory, until the operand is encoded. */
    MemorySegment whole();

    /** Bytes that are in memory anyway. */
    static Source of(MemorySegment bytes) {
      return new Source() {
        @Override
        public void read(long from, MemorySegment to) {
          MemorySegment.copy(bytes, from, to, 0, to.byteSize());
        }

        @Override
        public MemorySegment whole() {
          return bytes;
        }
      };
    }
  }

  /** Writes the encoded form of the operand to {@code target}. */
  void encode(Source source, MemorySegment target);
}
