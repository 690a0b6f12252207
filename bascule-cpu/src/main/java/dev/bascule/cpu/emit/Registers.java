package dev.bascule.cpu.emit;

import dev.bascule.core.ScalarType;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.cpu.asm.Mask;
import dev.bascule.cpu.asm.Operand;
import dev.bascule.cpu.asm.Vec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Registers of one piece of straight-line code, given out while it is written. A value that has no
 * use left frees its register; where none is free, the value used furthest in the future gives up
 * its own (Belady 1966), and is read again from its {@link Home} or from where it was spilled.
 */
final class Registers {
  private static final int FREE = -1;
  private static final int TAKEN = -2;
  private static final int NEVER = Integer.MAX_VALUE;

  private final Piece piece;
  private final List<Instruction> body;
  private final List<Integer> order;
  private final Lanes lanes;
  private final int[] owner;
  private final boolean[] locked;
  private final int[] maskOwner = new int[8];
  private final boolean[] maskLocked = new boolean[8];
  private final int[] registerOf;
  private final @Nullable Home[] homes;
  private final int[][] uses;
  private final List<Integer> scratch = new ArrayList<>();
  private final List<Integer> maskScratch = new ArrayList<>();
  private final Spills spills;
  private int position;
  private int mostUsed;

  /** Slots of the frame for values that lost their register; shared by all pieces. */
  static final class Spills {
    private final Frame frame;
    private final List<Integer> free = new ArrayList<>();

    Spills(Frame frame) {
      this.frame = frame;
    }

    int take() {
      return free.isEmpty() ? frame.vector() : free.removeLast();
    }

    void give(int slot) {
      free.add(slot);
    }
  }

  Registers(Piece piece, List<Instruction> body, List<Integer> order, Lanes lanes, Spills spills) {
    this.piece = piece;
    this.body = body;
    this.order = order;
    this.lanes = lanes;
    this.spills = spills;
    this.owner = new int[lanes.registers()];
    this.locked = new boolean[owner.length];
    Arrays.fill(owner, FREE);
    Arrays.fill(maskOwner, FREE);
    maskOwner[0] = TAKEN;
    this.registerOf = new int[body.size()];
    Arrays.fill(registerOf, FREE);
    this.homes = new Home[body.size()];
    this.uses = uses();
  }

  /** Positions in the order at which each instruction is an operand. */
  private int[][] uses() {
    int[] count = new int[body.size()];
    for (int i : order) {
      piece.operandsOf(i).forEach(operand -> count[operand]++);
    }
    int[][] positions = new int[body.size()][];
    for (int i = 0; i < count.length; i++) {
      positions[i] = new int[count[i]];
    }
    for (int at = order.size() - 1; at >= 0; at--) {
      for (int operand : piece.operandsOf(order.get(at))) {
        positions[operand][--count[operand]] = at;
      }
    }
    return positions;
  }

  int usesOf(int i) {
    return uses[i].length;
  }

  /** Most vector registers in use at once so far, without pinned ones. */
  int mostUsed() {
    return mostUsed;
  }

  void pin(Vec vec) {
    owner[vec.number()] = TAKEN;
  }

  void pin(Mask mask) {
    maskOwner[mask.ordinal()] = TAKEN;
  }

  /** A value that stays in its register. */
  void pin(int i, Vec vec) {
    owner[vec.number()] = TAKEN;
    registerOf[i] = vec.number();
  }

  void setHome(int i, Home home) {
    homes[i] = home;
  }

  @Nullable Home home(int i) {
    return homes[i];
  }

  void startAt(int position) {
    this.position = position;
  }

  private boolean isMask(int i) {
    return lanes.hasMasks() && body.get(i).type() == ScalarType.BOOL;
  }

  private int nextUse(int i, int from) {
    for (int use : uses[i]) {
      if (use >= from) {
        return use;
      }
    }
    return NEVER;
  }

  /** No use after the current instruction. */
  private boolean dies(int i) {
    return nextUse(i, position + 1) == NEVER;
  }

  /** The value in a vector register. */
  Vec vec(int i) {
    if (registerOf[i] == FREE) {
      int register = take();
      owner[register] = i;
      registerOf[i] = register;
      locked[register] = true;
      piece.transfers.load(new Vec(register), body.get(i).type(), required(i));
    }
    locked[registerOf[i]] = true;
    return new Vec(registerOf[i]);
  }

  /** The value in a vector register, or as an operand in memory where that saves a register. */
  Operand operand(int i) {
    Home home = homes[i];
    if (registerOf[i] == FREE && home != null) {
      boolean again = !dies(i) && home instanceof Home.Operand;
      Operand memory = again ? null : piece.transfers.foldable(body.get(i).type(), home);
      if (memory != null) {
        return memory;
      }
    }
    return vec(i);
  }

  Mask mask(int i) {
    if (registerOf[i] == FREE) {
      int register = takeMask();
      maskOwner[register] = i;
      registerOf[i] = register;
      maskLocked[register] = true;
      piece.transfers.loadMask(Mask.values()[register], required(i));
    }
    maskLocked[registerOf[i]] = true;
    return Mask.values()[registerOf[i]];
  }

  private Home required(int i) {
    Home home = homes[i];
    if (home == null) {
      throw new IllegalStateException("%" + i + " is nowhere: " + body.get(i));
    }
    return home;
  }

  /** A register for the result of instruction {@code i}. */
  Vec define(int i) {
    int register = take();
    owner[register] = i;
    registerOf[i] = register;
    locked[register] = true;
    return new Vec(register);
  }

  /**
   * As {@link #define}, but maybe the register of an operand that dies here: for single
   * instructions.
   */
  Vec defineOver(int i) {
    for (int operand : piece.operandsOf(i)) {
      if (isDyingVector(operand)) {
        int register = registerOf[operand];
        registerOf[operand] = FREE;
        owner[register] = i;
        registerOf[i] = register;
        return new Vec(register);
      }
    }
    return define(i);
  }

  /** Whether the value is in a vector register that nothing needs after this instruction. */
  boolean isDyingVector(int i) {
    return !isMask(i) && registerOf[i] != FREE && owner[registerOf[i]] == i && dies(i);
  }

  /** Gives the register of a dying operand to the result. */
  Vec takeOver(int operand, int result) {
    int register = registerOf[operand];
    registerOf[operand] = FREE;
    owner[register] = result;
    registerOf[result] = register;
    locked[register] = true;
    return new Vec(register);
  }

  /** The result is the same register as an operand: no instruction at all. */
  void alias(int i, int operand) {
    if (isDyingVector(operand)) {
      takeOver(operand, i);
    } else {
      Vec source = vec(operand);
      piece.transfers.move(define(i), source);
    }
  }

  Mask defineMask(int i) {
    int register = takeMask();
    maskOwner[register] = i;
    registerOf[i] = register;
    maskLocked[register] = true;
    return Mask.values()[register];
  }

  Vec temp() {
    int register = take();
    owner[register] = TAKEN;
    scratch.add(register);
    return new Vec(register);
  }

  /** A register that stays taken to the end of the piece, where one is free. */
  Optional<Vec> keep() {
    for (int r = 0; r < owner.length; r++) {
      if (owner[r] == FREE) {
        owner[r] = TAKEN;
        return Optional.of(new Vec(r));
      }
    }
    return Optional.empty();
  }

  /** Gives up a temporary before the instruction ends. */
  void give(Vec temp) {
    if (scratch.remove(Integer.valueOf(temp.number()))) {
      owner[temp.number()] = FREE;
    }
  }

  Mask tempMask() {
    int register = takeMask();
    maskOwner[register] = TAKEN;
    maskScratch.add(register);
    return Mask.values()[register];
  }

  /** Temporaries in use, for {@link #release(Mark)}. */
  record Mark(int vectors, int masks) {}

  Mark mark() {
    return new Mark(scratch.size(), maskScratch.size());
  }

  /** Gives up the temporaries taken since. */
  void release(Mark mark) {
    while (scratch.size() > mark.vectors()) {
      owner[scratch.removeLast()] = FREE;
    }
    while (maskScratch.size() > mark.masks()) {
      maskOwner[maskScratch.removeLast()] = FREE;
    }
  }

  /** Ends an instruction: temporaries and dead operands give up their registers. */
  void finish(int i) {
    scratch.forEach(register -> owner[register] = FREE);
    scratch.clear();
    maskScratch.forEach(register -> maskOwner[register] = FREE);
    maskScratch.clear();
    Arrays.fill(locked, false);
    Arrays.fill(maskLocked, false);
    piece.operandsOf(i).forEach(this::release);
    release(i);
  }

  private void release(int i) {
    if (!dies(i)) {
      return;
    }
    if (registerOf[i] != FREE) {
      int[] owners = isMask(i) ? maskOwner : owner;
      if (owners[registerOf[i]] == i) {
        owners[registerOf[i]] = FREE;
        registerOf[i] = FREE;
      }
    }
    if (homes[i] instanceof Home.Spill spill) {
      spills.give(spill.offset());
      homes[i] = null;
    }
  }

  /**
   * From here on operands may be overwritten: values that were to be read from them move to
   * registers.
   */
  void forgetOperands() {
    for (int i = 0; i < homes.length; i++) {
      if (homes[i] instanceof Home.Operand && nextUse(i, position) != NEVER) {
        if (isMask(i)) {
          mask(i);
        } else {
          vec(i);
        }
        homes[i] = null;
        Arrays.fill(locked, false);
        Arrays.fill(maskLocked, false);
      }
    }
  }

  private int take() {
    for (int r = 0; r < owner.length; r++) {
      if (owner[r] == FREE) {
        mostUsed = Math.max(mostUsed, 1 + inUse());
        return r;
      }
    }
    int victim = furthest(owner, locked);
    int i = owner[victim];
    if (homes[i] == null) {
      int slot = spills.take();
      piece.transfers.spill(slot, new Vec(victim));
      homes[i] = new Home.Spill(slot);
    }
    registerOf[i] = FREE;
    mostUsed = owner.length;
    return victim;
  }

  private int inUse() {
    int count = 0;
    for (int o : owner) {
      count += o == FREE ? 0 : 1;
    }
    return count;
  }

  private int takeMask() {
    for (int r = 1; r < maskOwner.length; r++) {
      if (maskOwner[r] == FREE) {
        return r;
      }
    }
    int victim = furthest(maskOwner, maskLocked);
    int i = maskOwner[victim];
    if (homes[i] == null) {
      int slot = spills.take();
      piece.transfers.spillMask(slot, Mask.values()[victim]);
      homes[i] = new Home.Spill(slot);
    }
    registerOf[i] = FREE;
    return victim;
  }

  private int furthest(int[] owners, boolean[] locks) {
    int victim = -1;
    int furthest = -1;
    for (int r = 0; r < owners.length; r++) {
      if (owners[r] >= 0 && !locks[r]) {
        int next = nextUse(owners[r], position);
        if (next > furthest) {
          furthest = next;
          victim = r;
        }
      }
    }
    if (victim < 0) {
      throw new Decline.Registers();
    }
    return victim;
  }
}
