package dev.bascule.cpu.emit;

import dev.bascule.cpu.asm.Gpr;
import dev.bascule.cpu.asm.Mem;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where the walks of a kernel stand: each has a word in the frame, and as many as there are
 * registers for are kept in one.
 */
final class Pointers {
  /** Position along the vectors, in elements. */
  static final Gpr POSITION = Gpr.RCX;

  /** End of the loop along the vectors. */
  static final Gpr END = Gpr.RDX;

  /** Index of an array element that is not at the position (accumulators of columns). */
  static final Gpr ACCUMULATOR = Gpr.RBP;

  /** Free between instructions. */
  static final Gpr ADDRESS = Gpr.RAX;

  static final Gpr VALUE = Gpr.RDI;
  static final Gpr BITS = Gpr.RSI;

  private static final List<Gpr> POOL =
      List.of(Gpr.R8, Gpr.R9, Gpr.R10, Gpr.R11, Gpr.R12, Gpr.R13, Gpr.R14, Gpr.R15);

  /**
   * What the frame holds of a walk.
   *
   * @param pointer address of the element at the current point, position 0
   * @param stride bytes from lane to lane, where strided
   * @param cursor address of the first lane of the next piece, where strided
   * @param table address of the table of byte offsets, where there is one
   * @param rowStride bytes from one row position to the next, where rows are a loop
   * @param rowStep bytes from one row position that is visited to the next
   * @param rowPointer address at the current row position, where rows are a loop
   */
  record Words(
      int pointer, int stride, int cursor, int table, int rowStride, int rowPointer, int rowStep) {}

  private final Layout layout;
  private final List<Walk> walks = new ArrayList<>();
  private final List<Words> words = new ArrayList<>();
  private final List<@Nullable Gpr> registers = new ArrayList<>();
  private int given;

  Pointers(Layout layout) {
    this.layout = layout;
  }

  /** Adds a walk; with {@code wanted}, in a register while there are any. */
  int add(Walk walk, Frame frame, boolean wanted) {
    walks.add(walk);
    words.add(
        new Words(
            frame.word(),
            frame.word(),
            frame.word(),
            frame.word(),
            frame.word(),
            frame.word(),
            frame.word()));
    registers.add(wanted && given < POOL.size() ? POOL.get(given++) : null);
    return walks.size() - 1;
  }

  int count() {
    return walks.size();
  }

  Walk walk(int id) {
    return walks.get(id);
  }

  Words words(int id) {
    return words.get(id);
  }

  @Nullable Gpr register(int id) {
    return registers.get(id);
  }

  /** The word that tells where a walk stands within the loops that code is inside of. */
  int current(int id) {
    return walks.get(id).row() == Walk.Step.UNIFORM
        ? words.get(id).pointer()
        : words.get(id).rowPointer();
  }

  /** A register with the address of position 0: the walk's own, or {@link #ADDRESS}. */
  Gpr base(int id) {
    Gpr register = registers.get(id);
    if (register == null) {
      layout.asm.mov(ADDRESS, Frame.at(current(id)));
      return ADDRESS;
    }
    return register;
  }

  /** The elements at the position plus {@code shift}; the one element of a uniform walk. */
  Mem element(int id, int shift) {
    Walk walk = walks.get(id);
    Gpr base = base(id);
    return walk.vector() == Walk.Step.UNIFORM
        ? Mem.at(base)
        : Mem.at(base, POSITION, walk.bytes(), shift * walk.bytes());
  }
}
