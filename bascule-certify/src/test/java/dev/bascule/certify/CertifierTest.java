package dev.bascule.certify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.device.DeviceOptions;
import dev.bascule.core.reference.ReferenceDevice;
import dev.bascule.cpu.CpuDriver;
import dev.bascule.formats.FormatException;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

class CertifierTest {
  private static final TwoLayers MODEL = new TwoLayers(new int[] {3, 1, 4, 1, 5, 9, 2, 6, 5}, 0);
  private static final Limits ZERO_BITS =
      new Limits(true, OptionalDouble.empty(), OptionalDouble.empty(), OptionalDouble.empty());
  private static final Limits NONE =
      new Limits(false, OptionalDouble.empty(), OptionalDouble.empty(), OptionalDouble.empty());

  private static Place reference() {
    return new Place("reference", Place.EXACT, false, threads -> new ReferenceDevice());
  }

  private static Place cpu(String... settings) {
    return new Place(
        "cpu",
        Place.EXACT,
        true,
        threads -> {
          DeviceOptions options = new DeviceOptions(threads.orElse(2), Map.of());
          for (int i = 0; i < settings.length; i += 2) {
            options = options.with(settings[i], settings[i + 1]);
          }
          return new CpuDriver().discover(options).devices().getFirst();
        });
  }

  private static Certificate certify(
      Subject first, Place on, Subject second, Place other, Limits limits) {
    Certifier.Request request =
        new Certifier.Request(
            new Certifier.Side(first, on),
            new Certifier.Side(second, other),
            Optional.of(reference()),
            4,
            limits,
            Map.of("model", "two", "on", "some"));
    return new Certifier(request, "test", stage -> {}).certify();
  }

  @Test
  void devicesInExactNumericsDifferInZeroBits() {
    Certificate certificate = certify(MODEL, reference(), MODEL, cpu(), ZERO_BITS);
    assertThat(certificate.broken()).isEmpty();
    assertThat(certificate.isEqual()).isTrue();
    assertThat(certificate.firstDifference()).isEmpty();
    assertThat(certificate.language())
        .hasValueSatisfying(figures -> {
          assertThat(figures.meanKl()).isZero();
          assertThat(figures.top1()).isEqualTo(1);
          assertThat(figures.firstPerplexity()).isEqualTo(figures.secondPerplexity());
        });
    assertThat(certificate.outputs().getFirst().firstError())
        .hasValueSatisfying(error -> assertThat(error.relative()).isBetween(1e-9, 1e-5));
    assertThat(certificate.repetitions().stream().map(Repetition::way))
        .contains(
            "again",
            "in a new session",
            "in chunks of 1",
            "in chunks of 7",
            "on 1 thread",
            "on all threads");
  }

  @Test
  void aPlantedFaultIsNamedByLayerAndOp() {
    for (String op : new String[] {"linear", "softmax"}) {
      Place wrong = cpu("cpu.test-fault", "layers.1." + op);
      Certificate certificate = certify(MODEL, reference(), MODEL, wrong, ZERO_BITS);
      assertThat(certificate.isPassed()).isFalse();
      assertThat(certificate.firstDifference())
          .hasValueSatisfying(origin -> {
            assertThat(origin.label()).isEqualTo("layers.1." + op);
            assertThat(origin.layer()).hasValue("1");
          });
      assertThat(String.join("\n", certificate.broken())).contains("layers.1." + op);
    }
  }

  @Test
  void anotherWeightMovesTheNumbersAboveRoundingWhereItIs() {
    Certificate certificate = certify(MODEL, cpu(), new TwoLayers(MODEL.tokens(), 4f), cpu(), NONE);
    assertThat(certificate.isPassed()).isTrue();
    assertThat(certificate.isEqual()).isFalse();
    assertThat(certificate.firstAboveRounding())
        .hasValueSatisfying(op -> assertThat(op.label()).isEqualTo("layers.1.linear"));
    assertThat(certificate.language())
        .hasValueSatisfying(figures -> assertThat(figures.meanKl()).isPositive());
    OutputFigures output = certificate.outputs().getFirst();
    assertThat(output.secondError().orElseThrow().relative())
        .isGreaterThan(100 * output.firstError().orElseThrow().relative());
  }

  @Test
  void limitsBreakWhereTheyAreCrossed() {
    Limits strict =
        new Limits(false, OptionalDouble.of(0), OptionalDouble.of(1.1), OptionalDouble.of(1e-9));
    Certificate certificate =
        certify(MODEL, cpu(), new TwoLayers(MODEL.tokens(), 4f), cpu(), strict);
    assertThat(String.join("\n", certificate.broken()))
        .contains("KL divergence", "top-1 agreement", "error: output 'logits'");
  }

  @Test
  void aCertificateHoldsUntilItIsAltered(@TempDir Path folder) throws IOException {
    Certificate certificate = certify(MODEL, reference(), MODEL, cpu(), ZERO_BITS);
    Path file = folder.resolve("certificate.json");
    CertificateFile.write(certificate, file);
    Certificate again = certify(MODEL, reference(), MODEL, cpu(), ZERO_BITS);
    assertThat(CertificateFile.read(file).check(again).isSound()).isTrue();

    String text = Files.readString(file);
    Files.writeString(file, text.replaceFirst("\"top1\": 1.0", "\"top1\": 0.5"));
    CertificateFile.Findings findings = CertificateFile.read(file).check(again);
    assertThat(findings.isUnaltered()).isFalse();
    assertThat(findings.wrong()).containsExactly("language.top1: 0.5 and 1.0");

    // layout is not content
    Files.writeString(file, text.replace("\n", "  \n "));
    assertThat(CertificateFile.read(file).check(again).isSound()).isTrue();
  }

  @Test
  void whatIsNoCertificateIsRefused(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("x.json"), "{\"a\": 1}");
    assertThatThrownBy(() -> CertificateFile.read(file))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("bascule-certificate");
    Files.writeString(file, "{\"format\": \"bascule-certificate\", \"formatVersion\": 99}");
    assertThatThrownBy(() -> CertificateFile.read(file))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("99");
  }

  @Test
  void thePageIsWellFormedAndNeedsNothingElse()
      throws ParserConfigurationException, SAXException, IOException {
    Certificate certificate = certify(MODEL, cpu(), new TwoLayers(MODEL.tokens(), 4f), cpu(), NONE);
    String page = CertificatePage.of(certificate);
    DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(page.substring(page.indexOf('\n')))));
    assertThat(page).contains("<svg", "layers.1.linear").doesNotContain("http", "<script", "src=");
  }
}
