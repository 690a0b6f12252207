package dev.bascule.cli;

import dev.bascule.formats.tokenizer.Encoding;
import dev.bascule.formats.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bascule tokenize}: the ids of a text, or the text of ids. */
@Command(
    name = "tokenize",
    description = "Gives the token ids of a text in one line, or the text of ids.",
    sortOptions = false)
final class TokenizeCommand implements Callable<Integer> {
  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      description = "a GGUF file, a model's folder, or a tokenizer.json")
  private Path model = Path.of("");

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "TEXT",
      defaultValue = "-",
      description = "the text; - (default) takes standard input exactly as it is")
  private String text = "-";

  @Option(names = "--decode", description = "TEXT is ids, parted by spaces or commas")
  private boolean decode;

  @Option(
      names = "--add-special",
      description = "put the tokens around the text that the model wants there")
  private boolean addSpecial;

  @Option(
      names = "--parse-special",
      description = "special tokens written in the text count as such; else they are plain text")
  private boolean parseSpecial;

  private final Main main;
  private final Console console;

  TokenizeCommand(Main main, Console console) {
    this.main = main;
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    Tokenizer tokenizer = Tokenizer.open(model).with(Optional.empty(), Optional.empty());
    String given = text.equals("-") ? standardInput() : text;
    if (decode) {
      decode(tokenizer, given);
    } else {
      encode(tokenizer, given);
    }
    console.out().flush();
    return ExitCodes.DONE;
  }

  private String standardInput() throws IOException {
    byte[] bytes = console.in().readAllBytes();
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new RequestException(
          "tokenize: standard input is not UTF-8; convert it first, for example with iconv");
    }
  }

  private void encode(Tokenizer tokenizer, String given) {
    int[] inner = (parseSpecial ? tokenizer.encodeBare(given) : tokenizer.encodePlain(given)).ids();
    Encoding encoding = addSpecial ? tokenizer.surround(inner) : tokenizer.encoding(inner);
    if (main.json()) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("ids", Arrays.stream(encoding.ids()).boxed().toList());
      json.put("tokens", encoding.tokens());
      console.out().println(JsonText.of(json));
    } else {
      console
          .out()
          .println(
              Arrays.stream(encoding.ids())
                  .mapToObj(Integer::toString)
                  .collect(Collectors.joining(" ")));
    }
  }

  private void decode(Tokenizer tokenizer, String given) {
    List<Integer> ids =
        Arrays.stream(given.strip().split("[\\s,]+"))
            .filter(word -> !word.isEmpty())
            .map(word -> id(word, tokenizer.tokens().size()))
            .toList();
    String decoded = tokenizer.decodeAll(ids.stream().mapToInt(Integer::intValue).toArray());
    if (main.json()) {
      console.out().println(JsonText.of(Map.of("text", decoded)));
    } else {
      console.out().print(decoded); // exactly the text: no line end that is not its own
    }
  }

  private static int id(String word, int end) {
    try {
      int id = Integer.parseInt(word);
      if (id >= 0 && id < end) {
        return id;
      }
    } catch (NumberFormatException e) {
      // said below, with those out of range
    }
    throw new RequestException(
        "tokenize --decode: expected ids from 0 to " + (end - 1) + ", got " + Text.quote(word));
  }
}
