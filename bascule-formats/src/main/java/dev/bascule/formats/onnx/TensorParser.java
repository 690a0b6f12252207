package dev.bascule.formats.onnx;

import dev.bascule.formats.FormatException;
import dev.bascule.formats.InputFile;
import dev.bascule.formats.onnx.OnnxDataType.TypedField;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads tensor messages: what they claim is checked, where their elements are is noted, and the
 * elements stay.
 */
final class TensorParser {
  private static final int EXTERNAL = 1;
  private static final int RANK_2 = 2;

  private final WireReader wire;
  private final InputFile file;
  private final ExternalFiles external;
  private final OnnxLimits limits;

  TensorParser(WireReader wire, InputFile file, ExternalFiles external, OnnxLimits limits) {
    this.wire = wire;
    this.file = file;
    this.external = external;
    this.limits = limits;
  }

  /** What a tensor's message says, field by field. */
  private static final class Fields {
    private final List<Long> dims = new ArrayList<>();
    private final Map<TypedField, Long> typedEntries = new EnumMap<>(TypedField.class);
    private final Map<String, String> location = new HashMap<>();
    private String name = "";
    private long type;
    private long rawOffset = -1;
    private long rawBytes;
    private boolean isExternal;
  }

  /** Reads the tensor that is the present field's value. */
  OnnxTensor tensor(String kind, int index) {
    long outer = wire.enter(kind, index);
    OnnxTensor tensor = tensorHere(wire.position());
    wire.leave(outer);
    return tensor;
  }

  /** Reads the tensor that the present message is, from {@code start} to its end. */
  OnnxTensor tensorHere(long start) {
    Fields fields = new Fields();
    while (wire.next()) {
      field(fields);
    }
    return checked(fields, start, wire.position());
  }

  private void field(Fields fields) {
    switch (wire.field()) {
      case 1 -> dims(fields.dims);
      case 2 -> fields.type = wire.integer();
      case 3 ->
          throw wire.refused(
              "a whole tensor", "a segment of one, or a sequence of tensors", "give whole tensors");
      case 4 -> count(fields, TypedField.FLOAT_DATA, wire.countFixeds(Float.BYTES));
      case 5 -> count(fields, TypedField.INT32_DATA, wire.countIntegers());
      case 6 -> {
        wire.skipBytes();
        count(fields, TypedField.STRING_DATA, 1);
      }
      case 7 -> count(fields, TypedField.INT64_DATA, wire.countIntegers());
      case 8 -> {
        fields.name = wire.string();
        wire.place().named(fields.name);
      }
      case 9 -> {
        fields.rawBytes = wire.skipBytes();
        fields.rawOffset = wire.position() - fields.rawBytes;
      }
      case 10 -> count(fields, TypedField.DOUBLE_DATA, wire.countFixeds(Double.BYTES));
      case 11 -> count(fields, TypedField.UINT64_DATA, wire.countIntegers());
      case 13 -> entry("external data", fields.location);
      case 14 -> fields.isExternal = wire.integer() == EXTERNAL;
      default -> wire.skip();
    }
  }

  private static void count(Fields fields, TypedField field, long entries) {
    if (entries > 0) {
      fields.typedEntries.merge(field, entries, Long::sum);
    }
  }

  /** Reads the dimensions in the present field. */
  void dims(List<Long> dims) {
    wire.integers(dim -> {
      if (dim < 0) {
        throw wire.broken("dimension " + dims.size() + " of zero or more", Long.toString(dim));
      }
      if (dims.size() == limits.rankMax()) {
        throw wire.broken("at most " + limits.rankMax() + " dimensions", "more");
      }
      dims.add(dim);
    });
  }

  /** Reads a message of a key and a value. */
  void entry(String kind, Map<String, String> entries) {
    long outer = wire.enter(kind, entries.size());
    String key = "";
    String value = "";
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> key = wire.string();
        case 2 -> value = wire.string();
        default -> wire.skip();
      }
    }
    entries.put(key, value);
    wire.leave(outer);
  }

  OnnxSparseTensor sparse(String kind, int index) {
    long outer = wire.enter(kind, index);
    OnnxTensor values = null;
    OnnxTensor indices = null;
    List<Long> dims = new ArrayList<>();
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> {
          values = tensor("values", -1);
          wire.place().named(values.name());
        }
        case 2 -> indices = tensor("indices", -1);
        case 3 -> dims(dims);
        default -> wire.skip();
      }
    }
    if (values == null || indices == null) {
      throw wire.broken("values and indices", "only one of them");
    }
    elements(dims, OnnxDataType.INT8);
    checkSparse(values, indices, dims);
    wire.leave(outer);
    return new OnnxSparseTensor(values, indices, dims);
  }

  private void checkSparse(OnnxTensor values, OnnxTensor indices, List<Long> dims) {
    List<Long> flat = List.of(values.elements());
    List<Long> rows = List.of(values.elements(), (long) dims.size());
    boolean fits =
        indices.dims().size() == RANK_2 ? indices.dims().equals(rows) : indices.dims().equals(flat);
    if (values.dims().size() != 1 || !fits || indices.type() != OnnxDataType.INT64) {
      throw wire.broken(
          "values [n] and INT64 indices [n] or [n, " + dims.size() + "]",
          "values " + values.dims() + " and " + indices.type() + " indices " + indices.dims());
    }
  }

  private OnnxTensor checked(Fields fields, long start, long end) {
    OnnxDataType type = dataType(fields.type, false);
    long elements = elements(fields.dims, type);
    OnnxTensor.Data data = data(fields, type, elements, start, end);
    wire.charge(128);
    return new OnnxTensor(fields.name, fields.dims, type, elements, data, wire.place().toString());
  }

  /** The row of an element type's number. */
  OnnxDataType dataType(long code, boolean mayBeUndefined) {
    OnnxDataType type =
        OnnxDataType.of(code)
            .orElseThrow(() ->
                wire.refused(
                    "an element type from 1 to " + (OnnxDataType.values().length - 1),
                    Long.toString(code),
                    "export the model with a type that this version knows"));
    if (type == OnnxDataType.UNDEFINED && !mayBeUndefined) {
      throw wire.broken("an element type", "none");
    }
    return type;
  }

  private long elements(List<Long> dims, OnnxDataType type) {
    try {
      // A zero anywhere makes the tensor empty, but the other dimensions must make sense as well.
      long product = 1;
      for (long dim : dims) {
        product = Math.multiplyExact(product, Math.max(1, dim));
      }
      type.bytesFor(product);
      return dims.contains(0L) ? 0 : product;
    } catch (ArithmeticException e) {
      throw wire.broken("dimensions whose product fits 63 bits", dims.toString());
    }
  }

  private OnnxTensor.Data data(
      Fields fields, OnnxDataType type, long elements, long start, long end) {
    if (fields.isExternal) {
      return external(fields, type, elements);
    }
    if (fields.rawOffset >= 0 && (fields.rawBytes > 0 || fields.typedEntries.isEmpty())) {
      if (!fields.typedEntries.isEmpty()) {
        throw wire.broken("either raw or typed elements", "both");
      }
      if (type == OnnxDataType.STRING || fields.rawBytes != type.bytesFor(elements)) {
        throw wire.broken(
            claim(fields, type, type.bytesFor(elements) + " bytes"),
            fields.rawBytes + " raw bytes");
      }
      return new OnnxTensor.Data.Raw(file, fields.rawOffset);
    }
    long expected = type.typedEntriesFor(elements);
    long got = fields.typedEntries.getOrDefault(type.typedField(), 0L);
    boolean others = fields.typedEntries.size() > (got > 0 ? 1 : 0);
    if (others || got != expected || (type.typedField() == TypedField.NONE && elements > 0)) {
      String entries = fields.typedEntries.isEmpty() ? "none" : fields.typedEntries.toString();
      throw wire.broken(claim(fields, type, expected + " in " + type.typedField()), entries);
    }
    return new OnnxTensor.Data.Typed(file, start, end);
  }

  private static String claim(Fields fields, OnnxDataType type, String what) {
    return what + " for the elements of " + type + fields.dims;
  }

  private OnnxTensor.Data external(Fields fields, OnnxDataType type, long elements) {
    String location = fields.location.getOrDefault("location", "");
    String objection = ExternalFiles.objection(location);
    if (!objection.isEmpty()) {
      throw wire.refused(
          "external data at a relative path inside the model's folder",
          objection,
          "export the model again with its data beside it");
    }
    if (type == OnnxDataType.STRING || fields.rawBytes > 0 || !fields.typedEntries.isEmpty()) {
      throw wire.broken("numbers in external data only", "strings, or elements in both places");
    }
    long bytes = type.bytesFor(elements);
    long offset = number(fields, "offset", 0);
    long length = number(fields, "length", bytes);
    if (length != bytes || offset > Long.MAX_VALUE - bytes) {
      throw wire.broken(
          claim(fields, type, bytes + " bytes of external data"),
          length + " bytes from byte " + offset);
    }
    return new OnnxTensor.Data.External(external, location, offset);
  }

  private long number(Fields fields, String key, long otherwise) {
    String text = fields.location.get(key);
    if (text == null) {
      return otherwise;
    }
    try {
      long number = Long.parseLong(text.strip());
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Falls through to the same error as a negative number.
    }
    throw wire.broken("a whole " + key + " of zero or more", FormatException.quote(text));
  }
}
