package dev.bascule.cpu.asm;

/** Pages that end where nothing is mapped. */
public final class GuardPages {
  public static final long PAGE_BYTES = 4096;

  private GuardPages() {}

  /** Whole pages of zeros; the page after them is not mapped. */
  public static long map(long bytes) {
    long address = MemoryBindings.map(bytes + PAGE_BYTES);
    MemoryBindings.unmap(address + bytes, PAGE_BYTES);
    return address;
  }

  public static void unmap(long address, long bytes) {
    MemoryBindings.unmap(address, bytes);
  }
}
