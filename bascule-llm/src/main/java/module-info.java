/** Language models in use: chat templates, sampling, generation. */
module dev.bascule.llm {
  requires static org.jspecify;
  requires transitive dev.bascule.formats;
  requires transitive dev.bascule.models;

  uses dev.bascule.core.device.Driver;

  exports dev.bascule.llm;
  exports dev.bascule.llm.sampling;
  exports dev.bascule.llm.template;
}
