package dev.bascule.cpu.gemm;

import dev.bascule.cpu.asm.GuardPages;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Segments that end exactly where a page that is not mapped begins: an overrun is a fault, not
 * luck.
 */
final class GuardedMemory implements AutoCloseable {
  private record Pages(long address, long bytes) {}

  private final List<Pages> mapped = new ArrayList<>();

  MemorySegment allocate(long bytes) {
    long whole =
        (bytes + GuardPages.PAGE_BYTES - 1) / GuardPages.PAGE_BYTES * GuardPages.PAGE_BYTES;
    long address = GuardPages.map(whole);
    mapped.add(new Pages(address, whole));
    return MemorySegment.ofAddress(address + whole - bytes).reinterpret(bytes);
  }

  @Override
  public void close() {
    mapped.forEach(pages -> GuardPages.unmap(pages.address(), pages.bytes()));
  }
}
