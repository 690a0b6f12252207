package dev.bascule.conformance;

import java.util.ArrayList;
import java.util.List;

/** All cases: every op, on every dtype it takes, in every class of shapes. */
public final class Cases {
  private Cases() {}

  public static List<Case> all() {
    List<Case> cases = new ArrayList<>();
    cases.addAll(ElementwiseCases.all());
    cases.addAll(ConversionCases.all());
    cases.addAll(ReductionCases.all());
    cases.addAll(MatmulCases.all());
    cases.addAll(LinearCases.all());
    cases.addAll(AttentionCases.all());
    cases.addAll(FunctionCases.all());
    cases.addAll(MovementCases.all());
    cases.addAll(IndexingCases.all());
    return cases;
  }

  /** Fewer dtypes in fewer shapes, still every op: for devices that compile slowly. */
  public static List<Case> brief() {
    return all().stream().filter(Case::brief).toList();
  }
}
