package dev.bascule.cpu.emit;

import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Primitive;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/**
 * The negations of a segment that only serve as a factor of one multiply-add: the instruction
 * negates its product itself, which is the same to the bit.
 */
final class Negations {
  /** Multiply-add to its operands, with a negated factor replaced by what is negated. */
  private final Map<Integer, List<Integer>> operands = new HashMap<>();

  /** Negations that are no instruction of their own. */
  private final Map<Integer, List<Integer>> absorbed = new HashMap<>();

  /**
   * @param leaves values that leave the segment, and so must be there
   */
  Negations(List<Instruction> body, List<Integer> order, IntPredicate leaves) {
    Map<Integer, Integer> uses = new HashMap<>();
    for (int i : order) {
      body.get(i).operands().forEach(operand -> uses.merge(operand, 1, Integer::sum));
    }
    for (int i : order) {
      if (body.get(i) instanceof Instruction.Compute fma && fma.op() == Primitive.FMA) {
        int a = fma.operands().get(0);
        int b = fma.operands().get(1);
        int c = fma.operands().get(2);
        boolean first = isOwn(body, order, uses, a) && !leaves.test(a);
        boolean second = isOwn(body, order, uses, b) && !leaves.test(b);
        if (first != second) {
          int negation = first ? a : b;
          int value = body.get(negation).operands().getFirst();
          operands.put(i, first ? List.of(value, b, c) : List.of(a, value, c));
          absorbed.put(negation, List.of());
        }
      }
    }
  }

  private static boolean isOwn(
      List<Instruction> body, List<Integer> order, Map<Integer, Integer> uses, int i) {
    return body.get(i) instanceof Instruction.Compute negation
        && negation.op() == Primitive.NEG
        && uses.getOrDefault(i, 0) == 1
        && order.contains(i);
  }

  /** What instruction {@code i} reads. */
  List<Integer> operandsOf(List<Instruction> body, int i) {
    List<Integer> replaced = operands.getOrDefault(i, absorbed.get(i));
    return replaced == null ? body.get(i).operands() : replaced;
  }
}
