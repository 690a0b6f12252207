package dev.bascule.cpu.asm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Owns the memory that emitted code runs from. Pages are writable first and executable after, never
 * both.
 *
 * <p>Closing frees the code: whoever closes makes sure that no call is running and none will
 * follow. Safe for use by several threads.
 */
public final class ExecutableMemory implements AutoCloseable {
  private static final long PAGE_BYTES = 4096;

  /** Whether code may be installed at all. */
  public enum Policy {
    /** As far as the host allows it. */
    ALLOWED,
    /** Every install is refused, as on a hardened host. */
    FORBIDDEN
  }

  private record Region(long address, long bytes) {}

  private final Policy policy;
  private final List<Region> regions = new ArrayList<>();
  private boolean closed;

  public ExecutableMemory(Policy policy) {
    this.policy = policy;
  }

  /**
   * Installs one function, in pages of its own.
   *
   * @return its address
   * @throws CodeMemoryException when the host or the policy forbids it
   */
  public MemorySegment install(byte[] code) {
    return install(List.of(code)).getFirst();
  }

  /**
   * Installs functions side by side, each at a multiple of 64.
   *
   * @return their addresses, in order
   * @throws CodeMemoryException when the host or the policy forbids it
   */
  public synchronized List<MemorySegment> install(List<byte[]> codes) {
    if (closed) {
      throw new IllegalStateException("this executable memory is closed");
    }
    if (policy == Policy.FORBIDDEN) {
      throw new CodeMemoryException(
          "executable memory is forbidden by the device's settings; choose the portable level");
    }
    long size = 0;
    for (byte[] code : codes) {
      size = roundUp(size, CodeBuffer.ALIGNMENT) + code.length;
    }
    size = roundUp(Math.max(size, 1), PAGE_BYTES);
    long address = MemoryBindings.map(size);
    List<MemorySegment> entries = new ArrayList<>();
    MemorySegment pages = MemorySegment.ofAddress(address).reinterpret(size);
    long offset = 0;
    for (byte[] code : codes) {
      offset = roundUp(offset, CodeBuffer.ALIGNMENT);
      MemorySegment.copy(code, 0, pages, ValueLayout.JAVA_BYTE, offset, code.length);
      entries.add(MemorySegment.ofAddress(address + offset));
      offset += code.length;
    }
    // Recorded first, so that a refusal below leaves the pages to close().
    regions.add(new Region(address, size));
    MemoryBindings.makeExecutable(address, size);
    return List.copyOf(entries);
  }

  private static long roundUp(long value, long unit) {
    return (value + unit - 1) / unit * unit;
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    for (Region region : regions) {
      MemoryBindings.unmap(region.address(), region.bytes());
    }
    regions.clear();
  }
}
