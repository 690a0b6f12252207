package dev.bascule.llm.template;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.formats.tokenizer.TokenList;
import dev.bascule.formats.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatTemplateTest {
  private static final List<Map<String, String>> MESSAGES =
      List.of(Map.of("role", "user", "content", "Hi"));
  private static final String TOKENIZER =
      "{\"added_tokens\": [{\"id\": 1, \"content\": \"<s>\", \"special\": true}, {\"id\": 2, \"content\": \"</s>\", \"special\": true}],"
          + " \"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": []}}";
  private static final String TEMPLATE =
      "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}{{ eos_token }}{% endfor %}{% if add_generation_prompt %}>{% endif %}";

  @TempDir private Path folder;

  private TokenList tokens(String settings) throws IOException {
    Files.writeString(folder.resolve("tokenizer.json"), TOKENIZER);
    Files.writeString(folder.resolve("tokenizer_config.json"), settings);
    return Tokenizer.open(folder).tokens();
  }

  @Test
  void aFoldersSettingsHoldTheTemplateAndItsTokens() throws IOException {
    TokenList tokens =
        tokens(
            "{\"bos_token\": {\"content\": \"<s>\"}, \"eos_token\": \"</s>\", \"chat_template\": \""
                + TEMPLATE
                + "\"}");
    assertThat(tokens.roles().begin()).hasValue(1);
    assertThat(tokens.isEnd(2)).isTrue();
    ChatTemplate template = ChatTemplate.of(folder, tokens).orElseThrow();
    assertThat(template.prompt(MESSAGES)).isEqualTo("<s>user: Hi</s>>");
  }

  @Test
  void aFileOfItsOwnComesFirst() throws IOException {
    TokenList tokens = tokens("{\"chat_template\": \"settings\"}");
    Files.writeString(folder.resolve("chat_template.jinja"), "own file\n");
    assertThat(ChatTemplate.of(folder, tokens).orElseThrow().prompt(MESSAGES))
        .isEqualTo("own file");
  }

  @Test
  void ofSeveralTheDefaultIsTaken() throws IOException {
    TokenList tokens =
        tokens(
            "{\"chat_template\": [{\"name\": \"rag\", \"template\": \"a\"}, {\"name\": \"default\", \"template\": \"b\"}]}");
    assertThat(ChatTemplate.of(folder, tokens).orElseThrow().prompt(MESSAGES)).isEqualTo("b");
  }

  @Test
  void aModelMayHaveNone() throws IOException {
    assertThat(ChatTemplate.of(folder, tokens("{}"))).isEmpty();
  }
}
