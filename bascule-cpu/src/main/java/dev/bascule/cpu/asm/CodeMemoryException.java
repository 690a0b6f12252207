package dev.bascule.cpu.asm;

/** The host gives no memory that code can run from. */
public final class CodeMemoryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public CodeMemoryException(String message) {
    super(message);
  }
}
