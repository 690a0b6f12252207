package dev.bascule.llm.template;

import dev.bascule.formats.FormatException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads a template's tags into statements. */
final class TemplateParser {
  private static final int DEPTH_MAX = 60;
  private static final String KNOWN = "if, for, set, macro, break, continue, generation or raw";

  private final List<Piece> pieces;
  private final Problems problems;
  private int at;
  private int depth;

  TemplateParser(String source, Problems problems) {
    this.problems = problems;
    this.pieces = new Lexer(source, problems).pieces();
  }

  List<Statement> parse() {
    return body(Set.of(), 1);
  }

  /** The words of the tag that ended a body; the first is its name, already read. */
  private ExpressionParser end = new ExpressionParser(List.of(), new Problems(""));

  private String endName = "";

  /** Statements up to one of these tags; up to the end of the template where there are none. */
  private List<Statement> body(Set<String> ends, int line) {
    if (++depth > DEPTH_MAX) {
      throw problems.at(line, "blocks at most " + DEPTH_MAX + " deep", "a deeper one");
    }
    List<Statement> body = new ArrayList<>();
    while (at < pieces.size()) {
      switch (pieces.get(at++)) {
        case Piece.Text(String text) -> body.add(new Statement.Text(text));
        case Piece.Tag tag -> {
          ExpressionParser words = new ExpressionParser(tag.tokens(), problems);
          if (tag.isOutput()) {
            Expression value = words.tuple();
            words.expectEnd();
            body.add(new Statement.Output(value, tag.line()));
          } else {
            String name = words.name();
            if (ends.contains(name)) {
              end = words;
              endName = name;
              depth--;
              return body;
            }
            body.add(statement(name, words, tag.line()));
          }
        }
      }
    }
    if (!ends.isEmpty()) {
      throw problems.at(
          line, "the end of this block (" + String.join(" or ", ends) + ")", "the template's end");
    }
    depth--;
    return body;
  }

  private Statement statement(String name, ExpressionParser words, int line) {
    return switch (name) {
      case "if" -> branches(words, line);
      case "for" -> loop(words, line);
      case "set" -> set(words, line);
      case "macro" -> macro(words, line);
      case "break" -> ended(words, new Statement.Break(line));
      case "continue" -> ended(words, new Statement.Continue(line));
      case "generation" -> {
        words.expectEnd();
        List<Statement> body = body(Set.of("endgeneration"), line);
        end.expectEnd();
        yield new Statement.Block(body);
      }
      default -> throw unknown(name, line);
    };
  }

  private static Statement ended(ExpressionParser words, Statement statement) {
    words.expectEnd();
    return statement;
  }

  private FormatException unknown(String name, int line) {
    return problems.at(line, KNOWN, problems.quote(name));
  }

  private Statement branches(ExpressionParser words, int line) {
    List<Statement.Branch> branches = new ArrayList<>();
    Expression condition = words.tuple();
    words.expectEnd();
    while (true) {
      List<Statement> body = body(Set.of("elif", "else", "endif"), line);
      branches.add(new Statement.Branch(condition, body, line));
      String name = endName;
      if (name.equals("elif")) {
        condition = end.tuple();
        end.expectEnd();
        continue;
      }
      end.expectEnd();
      if (name.equals("endif")) {
        return new Statement.If(branches, List.of());
      }
      List<Statement> otherwise = body(Set.of("endif"), line);
      end.expectEnd();
      return new Statement.If(branches, otherwise);
    }
  }

  private static List<String> names(ExpressionParser words) {
    boolean parenthesized = words.accepts("(");
    List<String> names = new ArrayList<>(List.of(words.name()));
    while (words.accepts(",")) {
      names.add(words.name());
    }
    if (parenthesized) {
      words.expect(")");
    }
    return names;
  }

  private Statement loop(ExpressionParser words, int line) {
    List<String> names = names(words);
    if (!words.acceptsName("in")) {
      throw words.unexpected("'in'");
    }
    Expression elements = words.withoutCondition();
    Optional<Expression> where =
        words.acceptsName("if") ? Optional.of(words.expression()) : Optional.empty();
    words.expectEnd();
    List<Statement> body = body(Set.of("else", "endfor"), line);
    List<Statement> otherwise = List.of();
    end.expectEnd();
    if (endName.equals("else")) {
      otherwise = body(Set.of("endfor"), line);
      end.expectEnd();
    }
    return new Statement.For(names, elements, where, body, otherwise, line);
  }

  private Statement set(ExpressionParser words, int line) {
    List<String> names = names(words);
    if (words.accepts(".")) {
      String attribute = words.name();
      words.expect("=");
      Expression value = words.tuple();
      words.expectEnd();
      return new Statement.SetAttribute(names.getFirst(), attribute, value, line);
    }
    if (words.accepts("=")) {
      Expression value = words.tuple();
      words.expectEnd();
      return new Statement.Set(names, value, line);
    }
    words.expectEnd();
    List<Statement> body = body(Set.of("endset"), line);
    end.expectEnd();
    return new Statement.SetText(names.getFirst(), body, line);
  }

  private Statement macro(ExpressionParser words, int line) {
    String name = words.name();
    List<Statement.Parameter> parameters = new ArrayList<>();
    words.expect("(");
    while (!words.accepts(")")) {
      String parameter = words.name();
      Optional<Expression> otherwise =
          words.accepts("=") ? Optional.of(words.expression()) : Optional.empty();
      parameters.add(new Statement.Parameter(parameter, otherwise));
      if (!words.peek().is(")")) {
        words.expect(",");
      }
    }
    words.expectEnd();
    List<Statement> body = body(Set.of("endmacro"), line);
    if (end.peek().isName(name)) {
      end.next();
    }
    end.expectEnd();
    return new Statement.Macro(name, parameters, body, line);
  }
}
