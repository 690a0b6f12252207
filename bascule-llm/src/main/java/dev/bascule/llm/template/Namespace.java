package dev.bascule.llm.template;

import java.util.LinkedHashMap;
import java.util.Map;

/** Values that outlive the loop which sets them. */
record Namespace(Map<String, Object> attributes) {
  Namespace {
    attributes = new LinkedHashMap<>(attributes);
  }

  void set(String name, Object value) {
    attributes.put(name, value);
  }
}
