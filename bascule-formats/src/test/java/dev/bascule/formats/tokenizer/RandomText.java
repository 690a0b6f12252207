package dev.bascule.formats.tokenizer;

import java.util.List;
import java.util.random.RandomGenerator;

/** Texts of many languages, and random mixtures of scripts, marks, spaces and anything else. */
final class RandomText {
  /** A paragraph in each of several languages, Chinese first. */
  static final List<String> PARAGRAPHS =
      List.of(
          "人工智能正在改变世界。2026年，我们用Java编写了一个异构计算栈——“Bascule”，它可以在任何芯片上运行大语言模型（LLM），误差为０比特！",
          "繁體中文：臺灣的夏天很熱，颱風也多；請問「捷運」怎麼走？",
          "日本語では、漢字とひらがなとカタカナを混ぜて書きます。ｶﾀｶﾅも、①②③も。",
          "한국어 문장은 띄어쓰기가 있습니다. 그렇죠?",
          "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich; It's 3.14159, isn't it? WE'LL SEE.",
          "Le cœur déçu mais l'âme plutôt naïve, Louÿs rêva de crapaüter en canoë.",
          "Съешь же ещё этих мягких французских булок, да выпей чаю.",
          "العربية تُكتب من اليمين إلى اليسار، و١٢٣ أرقام.",
          "हिन्दी में लिखना: क्षत्रिय, ज्ञान, १२३४.",
          "ภาษาไทยไม่มีการเว้นวรรคระหว่างคำ ๑๒๓",
          "Tiếng Việt có dấu: Cộng hòa xã hội chủ nghĩa Việt Nam.",
          "for (int i = 0; i < n; i++) {\n\t\tsum += a[i];\r\n}   // 👩‍👩‍👧‍👦 🇨🇭 e\u0301\n\n\n");

  private static final int[][] SCRIPTS = {
    {0x20, 0x7F},
    {0xA0, 0x250},
    {0x300, 0x370},
    {0x370, 0x530},
    {0x590, 0x700},
    {0x900, 0xE00},
    {0xE00, 0xF00},
    {0x1100, 0x1200},
    {0x1E00, 0x2000},
    {0x2000, 0x2070},
    {0x2070, 0x2C00},
    {0x3000, 0x3100},
    {0x3400, 0xA000},
    {0xAC00, 0xD7A4},
    {0xF900, 0xFB00},
    {0xFB00, 0x10000},
    {0x10000, 0x11000},
    {0x1D100, 0x1D800},
    {0x1F000, 0x1FB00},
    {0x20000, 0x30000},
  };

  private static final String[] MARKS = {
    "\n",
    "\r\n",
    "\t",
    "  ",
    "   \n",
    "\u00a0",
    "\u3000",
    "\u2028",
    "\u0000",
    "\u001b",
    "\u0085",
    "'s",
    "'S",
    "'ll",
    "'Re",
    "'\u017f",
    "<|im_start|>",
    "<|im_end|>",
    "<think>",
    "</think>",
    "\u0301",
    "\u0323\u0301",
    "\u200d",
    "\ufe0f",
    "12345",
    "\u0661\u0662",
    "\u00bd",
    "\u2167"
  };

  private RandomText() {}

  /** Runs of one script, of marks that matter to the splitting, of anything that is a character. */
  static String of(RandomGenerator random) {
    StringBuilder text = new StringBuilder();
    int parts = 1 + random.nextInt(10);
    for (int i = 0; i < parts; i++) {
      switch (random.nextInt(5)) {
        case 0, 1 -> {
          int[] script = SCRIPTS[random.nextInt(SCRIPTS.length)];
          int length = 1 + random.nextInt(8);
          for (int j = 0; j < length; j++) {
            text.appendCodePoint(random.nextInt(script[0], script[1]));
          }
        }
        case 2 -> text.append(MARKS[random.nextInt(MARKS.length)]);
        case 3 -> {
          String paragraph = PARAGRAPHS.get(random.nextInt(PARAGRAPHS.size()));
          int from = random.nextInt(paragraph.length());
          int to = Math.min(paragraph.length(), from + random.nextInt(12));
          if (!splitsCharacter(paragraph, from) && !splitsCharacter(paragraph, to)) {
            text.append(paragraph, from, to);
          }
        }
        default -> {
          int c = random.nextInt(0x110000 - 0x800);
          text.appendCodePoint(c < 0xD800 ? c : c + 0x800);
        }
      }
    }
    return text.toString();
  }

  private static boolean splitsCharacter(String text, int at) {
    return at < text.length() && Character.isLowSurrogate(text.charAt(at));
  }
}
