package dev.bascule.llm.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Does what a template says, with one set of values. */
final class Interpreter {
  /** How the statements after one go on. */
  private enum Flow {
    ON,
    BREAK,
    CONTINUE
  }

  private final Budget budget;
  private final Filters filters;
  private StringBuilder out = new StringBuilder();
  private int line = 1;

  Interpreter(Budget budget) {
    this.budget = budget;
    this.filters = new Filters(budget);
  }

  /** Where the template is, or was when it failed. */
  int line() {
    return line;
  }

  String render(List<Statement> template, Scope scope) {
    run(template, scope);
    return out.toString();
  }

  private Flow run(List<Statement> body, Scope scope) {
    for (Statement statement : body) {
      budget.spend(1);
      Flow flow = run(statement, scope);
      if (flow != Flow.ON) {
        return flow;
      }
    }
    return Flow.ON;
  }

  private Flow run(Statement statement, Scope scope) {
    switch (statement) {
      case Statement.Text(String text) -> write(text);
      case Statement.Output(Expression value, int at) -> {
        line = at;
        write(PythonText.of(value(value, scope)));
      }
      case Statement.If branches -> {
        return run(branches, scope);
      }
      case Statement.For loop -> {
        line = loop.line();
        run(loop, scope);
      }
      case Statement.Set set -> {
        line = set.line();
        assign(set.names(), value(set.value(), scope), scope);
      }
      case Statement.SetAttribute set -> {
        line = set.line();
        Object target = scope.get(set.namespace());
        if (!(target instanceof Namespace namespace)) {
          throw new TemplateProblem(
              "a namespace whose '" + set.attribute() + "' is set", Values.kind(target));
        }
        namespace.set(set.attribute(), value(set.value(), scope));
      }
      case Statement.SetText(String name, List<Statement> body, int at) -> {
        line = at;
        scope.set(name, captured(body, scope.inner()));
      }
      case Statement.Macro macro -> scope.set(macro.name(), callable(macro, scope));
      case Statement.Block(List<Statement> body) -> {
        return run(body, scope);
      }
      case Statement.Break ignored -> {
        return Flow.BREAK;
      }
      case Statement.Continue ignored -> {
        return Flow.CONTINUE;
      }
    }
    return Flow.ON;
  }

  private void write(String text) {
    budget.spend(text.length());
    out.append(text);
  }

  private Flow run(Statement.If branches, Scope scope) {
    for (Statement.Branch branch : branches.branches()) {
      line = branch.line();
      if (Values.isTrue(value(branch.condition(), scope))) {
        return run(branch.body(), scope);
      }
    }
    return run(branches.otherwise(), scope);
  }

  private void run(Statement.For loop, Scope scope) {
    List<Object> elements = new ArrayList<>();
    for (Object element : List.copyOf(Values.elements(value(loop.elements(), scope)))) {
      budget.spend(1);
      if (loop.where().isPresent()) {
        Scope trial = scope.inner();
        assign(loop.names(), element, trial);
        if (!Values.isTrue(value(loop.where().get(), trial))) {
          continue;
        }
      }
      elements.add(element);
    }
    if (elements.isEmpty()) {
      run(loop.otherwise(), scope.inner());
      return;
    }
    Loop state = new Loop(elements);
    for (int i = 0; i < elements.size(); i++) {
      state.moveTo(i);
      Scope inner = scope.inner();
      inner.set("loop", state);
      assign(loop.names(), elements.get(i), inner);
      if (run(loop.body(), inner) == Flow.BREAK) {
        break;
      }
    }
  }

  private static void assign(List<String> names, Object value, Scope scope) {
    if (names.size() == 1) {
      scope.set(names.getFirst(), value);
      return;
    }
    List<Object> parts = Values.elements(value);
    if (parts.size() != names.size()) {
      throw new TemplateProblem(
          names.size() + " values for " + String.join(", ", names), parts.size() + "");
    }
    for (int i = 0; i < names.size(); i++) {
      scope.set(names.get(i), parts.get(i));
    }
  }

  private String captured(List<Statement> body, Scope scope) {
    StringBuilder before = out;
    out = new StringBuilder();
    try {
      run(body, scope);
      return out.toString();
    } finally {
      out = before;
    }
  }

  private Callable callable(Statement.Macro macro, Scope scope) {
    return arguments -> {
      budget.enter();
      int from = line;
      Scope inner = scope.inner();
      List<Statement.Parameter> parameters = macro.parameters();
      if (arguments.positional().size() > parameters.size()) {
        throw new TemplateProblem(
            "at most " + parameters.size() + " arguments of " + macro.name(),
            arguments.positional().size() + "");
      }
      for (int i = 0; i < parameters.size(); i++) {
        Statement.Parameter parameter = parameters.get(i);
        Optional<Object> given = arguments.find(i, parameter.name());
        inner.set(
            parameter.name(),
            given.isPresent()
                ? given.get()
                : parameter.otherwise().isPresent()
                    ? value(parameter.otherwise().get(), inner)
                    : new Undefined("the parameter '" + parameter.name() + "'"));
      }
      String text = captured(macro.body(), inner);
      line = from;
      budget.leave();
      return text;
    };
  }

  private Object value(Expression expression, Scope scope) {
    budget.nest();
    Object value = compute(expression, scope);
    budget.unnest();
    return value;
  }

  private Object compute(Expression expression, Scope scope) {
    return switch (expression) {
      case Expression.Literal(Object value) -> value;
      case Expression.Name(String name) -> scope.get(name);
      case Expression.ListOf(List<Expression> elements) -> values(elements, scope);
      case Expression.TupleOf(List<Expression> elements) -> new Tuple(values(elements, scope));
      case Expression.DictOf(List<Expression.Entry> entries) -> dict(entries, scope);
      case Expression.Attribute(Expression of, String name) ->
          Members.attribute(value(of, scope), name, budget);
      case Expression.Subscript(Expression of, Expression index) ->
          subscript(value(of, scope), value(index, scope));
      case Expression.Slice slice -> slice(slice, scope);
      case Expression.Call(Expression callee, Expression.Arguments arguments) ->
          call(value(callee, scope), arguments(arguments, scope));
      case Expression.Filter(Expression of, String name, Expression.Arguments arguments) ->
          filters.apply(name, value(of, scope), arguments(arguments, scope));
      case Expression.Test(Expression of, String name, Expression.Arguments a, boolean negated) ->
          Tests.holds(name, value(of, scope), arguments(a, scope), budget) != negated;
      case Expression.Not(Expression of) -> !Values.isTrue(value(of, scope));
      case Expression.Negative(Expression of) -> Arithmetic.negative(value(of, scope));
      case Expression.Positive(Expression of) -> number(value(of, scope));
      case Expression.Binary(Expression.Operator operator, Expression left, Expression right) ->
          Arithmetic.apply(operator, value(left, scope), value(right, scope), budget);
      case Expression.Comparison comparison -> comparison(comparison, scope);
      case Expression.And(Expression left, Expression right) -> {
        Object first = value(left, scope);
        yield Values.isTrue(first) ? value(right, scope) : first;
      }
      case Expression.Or(Expression left, Expression right) -> {
        Object first = value(left, scope);
        yield Values.isTrue(first) ? first : value(right, scope);
      }
      case Expression.Conditional(
              Expression condition,
              Expression then,
              Optional<Expression> otherwise) ->
          Values.isTrue(value(condition, scope))
              ? value(then, scope)
              : otherwise.isPresent()
                  ? value(otherwise.get(), scope)
                  : new Undefined("what an 'if' without 'else' leaves open");
    };
  }

  private static Object number(Object value) {
    if (Values.isNumber(value)) {
      return value;
    }
    throw new TemplateProblem("a number", Values.kind(value));
  }

  private List<Object> values(List<Expression> expressions, Scope scope) {
    List<Object> values = new ArrayList<>(expressions.size());
    for (Expression expression : expressions) {
      values.add(value(expression, scope));
    }
    return values;
  }

  private Map<Object, Object> dict(List<Expression.Entry> entries, Scope scope) {
    Map<Object, Object> dict = new LinkedHashMap<>();
    for (Expression.Entry entry : entries) {
      dict.put(Values.key(value(entry.key(), scope)), value(entry.value(), scope));
    }
    return dict;
  }

  private Arguments arguments(Expression.Arguments arguments, Scope scope) {
    if (arguments.positional().isEmpty() && arguments.named().isEmpty()) {
      return Arguments.NONE;
    }
    Map<String, Object> named = new LinkedHashMap<>();
    arguments.named().forEach((name, expression) -> named.put(name, value(expression, scope)));
    return new Arguments(values(arguments.positional(), scope), named);
  }

  private static Object call(Object callee, Arguments arguments) {
    if (callee instanceof Callable callable) {
      return callable.call(arguments);
    }
    throw new TemplateProblem("something that can be called", Values.kind(callee));
  }

  /** As {@code value[index]}: a member first, then, for texts, a method. */
  private Object subscript(Object of, Object index) {
    if (of instanceof Namespace && index instanceof String name) {
      return Members.attribute(of, name, budget);
    }
    return Arithmetic.subscript(of, index);
  }

  private Object slice(Expression.Slice slice, Scope scope) {
    return Arithmetic.slice(
        value(slice.of(), scope),
        part(slice.start(), scope),
        part(slice.stop(), scope),
        part(slice.step(), scope),
        budget);
  }

  private Object part(Optional<Expression> part, Scope scope) {
    return part.isPresent() ? value(part.get(), scope) : None.NONE;
  }

  private boolean comparison(Expression.Comparison comparison, Scope scope) {
    Object left = value(comparison.first(), scope);
    for (Expression.Operand operand : comparison.rest()) {
      Object right = value(operand.value(), scope);
      if (!Arithmetic.holds(operand.relation(), left, right, budget)) {
        return false;
      }
      left = right;
    }
    return true;
  }
}
