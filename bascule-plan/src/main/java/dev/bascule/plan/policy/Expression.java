package dev.bascule.plan.policy;

import dev.bascule.plan.PlanException;
import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelOptions;
import dev.cel.common.CelValidationException;
import dev.cel.common.types.CelType;
import dev.cel.common.types.ListType;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The condition of a rule: CEL, checked when it is read. A condition that turns on a figure that is
 * not known is neither true nor false (CEL's unknowns: {@code true || unknown} is true).
 */
final class Expression {
  private final Rule rule;
  private final CelRuntime.Program program;

  private Expression(Rule rule, CelRuntime.Program program) {
    this.rule = rule;
    this.program = program;
  }

  /** What a condition comes to. */
  sealed interface Outcome {
    /** It holds, or it does not. */
    record Decided(boolean holds) implements Outcome {}

    /** It depends on figures that the chip's row lacks. */
    record Undecided(List<String> missing) implements Outcome {}
  }

  /** Compiles conditions; costs half a second at first, so it is made when rules are asked. */
  static final class Compiler {
    private final CelCompiler compiler;
    private final CelRuntime runtime;

    Compiler() {
      CelOptions options = CelOptions.current().enableHeterogeneousNumericComparisons(true).build();
      var builder =
          CelCompilerFactory.standardCelCompilerBuilder()
              .setOptions(options)
              .setStandardMacros(dev.cel.parser.CelStandardMacro.STANDARD_MACROS)
              .setResultType(SimpleType.BOOL);
      Subject.VARIABLES.forEach((name, meaning) -> builder.addVar(name, type(meaning)));
      compiler = builder.build();
      runtime = CelRuntimeFactory.standardCelRuntimeBuilder().setOptions(options).build();
    }

    private static CelType type(String meaning) {
      return switch (meaning.substring(0, 4)) {
        case "text" -> SimpleType.STRING;
        case "list" -> ListType.create(SimpleType.STRING);
        case "trut" -> SimpleType.BOOL;
        default -> SimpleType.DOUBLE;
      };
    }

    Expression compile(Rule rule) {
      try {
        CelAbstractSyntaxTree ast = compiler.compile(rule.when(), rule.id()).getAst();
        return new Expression(rule, runtime.createProgram(ast));
      } catch (CelValidationException e) {
        throw new PlanException(
            rule.place()
                + ", rule "
                + rule.id()
                + ", column when: expected a CEL condition over "
                + new TreeSet<>(Subject.VARIABLES.keySet())
                + ", got "
                + PlanException.quote(String.valueOf(e.getMessage()).replaceAll("\\s*\\n\\s*", " "))
                + "; correct it there",
            e);
      } catch (CelEvaluationException e) {
        throw new PlanException(
            rule.place() + ", rule " + rule.id() + ": cannot be made: " + e.getMessage(), e);
      }
    }
  }

  Outcome evaluate(Map<String, Object> values) {
    try {
      return program.eval(values) instanceof Boolean holds
          ? new Outcome.Decided(holds)
          : new Outcome.Undecided(missing(values));
    } catch (CelEvaluationException e) {
      throw new PlanException(
          rule.place()
              + ", rule "
              + rule.id()
              + ": cannot be evaluated: "
              + PlanException.quote(String.valueOf(e.getMessage()))
              + "; correct its condition",
          e);
    }
  }

  private List<String> missing(Map<String, Object> values) {
    return Subject.VARIABLES.keySet().stream()
        .filter(name -> !values.containsKey(name))
        .filter(name -> Pattern.compile("\\b" + name + "\\b").matcher(rule.when()).find())
        .toList();
  }
}
