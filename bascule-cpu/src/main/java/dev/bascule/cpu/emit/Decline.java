package dev.bascule.cpu.emit;

/** Thrown inside the emitter where a kernel asks for something it does not take. */
class Decline extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String reason;

  Decline(String reason) {
    super(reason);
    this.reason = reason;
  }

  String reason() {
    return reason;
  }

  /** One instruction needs more registers than are left. */
  static final class Registers extends Decline {
    private static final long serialVersionUID = 1L;

    Registers() {
      super("an instruction needs more registers than there are");
    }
  }
}
