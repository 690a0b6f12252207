package dev.bascule.cpu;

import dev.bascule.core.DeviceException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Where buffers come from: memory at multiples of 64 bytes, readable 64 bytes past its end. Large
 * buffers are pages of their own, which the system fills with zeros when they are first touched.
 */
final class CpuMemory {
  static final long ALIGNMENT_BYTES = 64;

  /** Kernels may read this far past a buffer's end. */
  static final long SLACK_BYTES = 64;

  /** From here on a buffer has pages of its own. */
  private static final long PAGES_MIN_BYTES = 1 << 18;

  private static final long HUGE_PAGE_BYTES = 1 << 21;

  private final boolean guarded;
  private final AtomicLong buffers = new AtomicLong();
  private final AtomicLong bytesHeld = new AtomicLong();

  /**
   * @param guarded true to put a page that must not be touched right after each buffer's slack
   */
  CpuMemory(boolean guarded) {
    this.guarded = guarded && PageBindings.isAvailable();
  }

  /** Buffers that are open. */
  long buffers() {
    return buffers.get();
  }

  /** Bytes of the buffers that are open. */
  long bytesHeld() {
    return bytesHeld.get();
  }

  CpuBuffer allocate(long bytes) {
    return allocate(bytes, false);
  }

  /** Zeros that take memory page by page, where they are written: not in huge pages. */
  CpuBuffer allocateZeros(long bytes) {
    return allocate(bytes, true);
  }

  private CpuBuffer allocate(long bytes, boolean isSparse) {
    if (bytes < 0) {
      throw new DeviceException("cpu: a buffer cannot have " + bytes + " bytes");
    }
    Arena arena = Arena.ofShared();
    MemorySegment memory;
    try {
      memory = memory(arena, bytes, isSparse);
    } catch (RuntimeException | OutOfMemoryError e) {
      arena.close();
      throw new DeviceException(
          "cpu: no memory for a buffer of " + bytes + " bytes; use a smaller model or batch", e);
    }
    buffers.incrementAndGet();
    bytesHeld.addAndGet(bytes);
    return new CpuBuffer(memory.asSlice(0, bytes), () -> release(arena, bytes));
  }

  private void release(Arena arena, long bytes) {
    arena.close();
    buffers.decrementAndGet();
    bytesHeld.addAndGet(-bytes);
  }

  private MemorySegment memory(Arena arena, long bytes, boolean isSparse) {
    if (guarded) {
      return guardedPages(arena, bytes);
    }
    if (bytes < PAGES_MIN_BYTES || !PageBindings.isAvailable()) {
      return arena.allocate(bytes + SLACK_BYTES, ALIGNMENT_BYTES);
    }
    long size = roundUp(bytes + SLACK_BYTES, PageBindings.PAGE_BYTES);
    if (isSparse || size < HUGE_PAGE_BYTES) {
      return pages(arena, size, 0, size);
    }
    // huge pages need a start at a multiple of their size
    MemorySegment pages = pages(arena, size + HUGE_PAGE_BYTES, 0, size + HUGE_PAGE_BYTES);
    long skipped = roundUp(pages.address(), HUGE_PAGE_BYTES) - pages.address();
    PageBindings.preferHugePages(pages.address() + skipped, size);
    return pages.asSlice(skipped, size);
  }

  /** The buffer and its slack end where an untouchable page begins. */
  private static MemorySegment guardedPages(Arena arena, long bytes) {
    long used = roundUp(bytes, ALIGNMENT_BYTES) + SLACK_BYTES;
    long size = roundUp(used, PageBindings.PAGE_BYTES);
    MemorySegment pages = pages(arena, size + PageBindings.PAGE_BYTES, size - used, used);
    PageBindings.forbid(pages.address() + used, PageBindings.PAGE_BYTES);
    return pages;
  }

  /** Part of new pages that the arena gives back when it closes. */
  private static MemorySegment pages(Arena arena, long size, long start, long length) {
    long address = PageBindings.map(size);
    return MemorySegment.ofAddress(address + start)
        .reinterpret(length, arena, segment -> PageBindings.unmap(address, size));
  }

  private static long roundUp(long value, long unit) {
    return Math.ceilDiv(value, unit) * unit;
  }
}
