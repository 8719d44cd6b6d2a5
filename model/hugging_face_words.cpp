#include <sstream>

#include "model/hugging_face_config.hpp"

namespace ridgeline {

const std::vector<std::string>& hugging_face_words() {
  static const std::vector<std::string> words = [] {
    std::istringstream text(R"(
    _attn_implementation _commit_hash _name_or_path _num_labels add_cross_attention add_router_probs aligned
    architectures attention_bias attention_dropout attention_probs_dropout_prob attn_implementation attn_pdrop
    auto_map bad_words_ids bos_token_id chunk_size_feed_forward classifier_activation classifier_dropout
    classifier_dropout_prob conv_kernel_size cross_attention_hidden_size d_ff d_kv d_model decoder_sparse_step
    decoder_start_token_id dense_act_fn dim directionality diversity_penalty do_layer_norm_before do_sample
    down_scale_factor dropout dropout_rate dtype early_stopping embd_pdrop embedding_size enable_bias
    encoder_no_repeat_ngram_size encoder_sparse_step encoder_stride eos_token_id expert_capacity
    exponential_decay_length_penalty feed_forward_proj ffn_dim finetuning_task forced_bos_token_id
    forced_eos_token_id gap_size gradient_checkpointing head_dim head_ratio hidden_act hidden_dim
    hidden_dropout_prob hidden_size id2label image_size init_std initializer_factor initializer_range
    inner_group_num intermediate_size intra_bottleneck_size is_decoder is_encoder_decoder is_gated_act
    key_query_shared_bottleneck keys_to_ignore_at_inference label2id label_smoothing language
    layer_norm_elementwise_affine layer_norm_eps layer_norm_epsilon layer_types layerdrop length_penalty
    max_length max_position_embeddings max_window_layers min_length mlp_bias model_max_length model_type n_ctx
    n_embd n_head n_heads n_inner n_layer n_layers n_positions net_structure_type no_repeat_ngram_size
    normalization_type num_attention_heads num_beam_groups num_beams num_channels num_decoder_layers num_experts
    num_feedforward_networks num_groups num_heads num_hidden_groups num_hidden_layers num_key_value_heads
    num_labels num_layers num_memory_blocks num_return_sequences num_sparse_decoder_layers
    num_sparse_encoder_layers output_attentions output_hidden_states output_past output_scores pad_token_id
    patch_size pooler_act pooler_fc_size pooler_num_attention_heads pooler_num_fc_layers pooler_output_size
    pooler_size_per_head pooler_type position_embedding_type prefix pretraining_tp problem_type pruned_heads
    qa_dropout qkv_bias relative_attention_max_distance relative_attention_num_buckets remove_invalid_values
    reorder_and_upcast_attn repetition_penalty resid_pdrop return_dict return_dict_in_generate rms_norm_eps
    rope_parameters rope_scaling rope_theta router_aux_loss_coef router_bias router_dtype
    router_ignore_padding_tokens router_jitter_noise router_z_loss_coef scale_attn_by_inverse_layer_idx
    scale_attn_weights scale_embedding sep_token_id seq_classif_dropout sinusoidal_pos_embds sliding_window
    summary_activation summary_first_dropout summary_last_dropout summary_proj_to_labels summary_type
    summary_use_proj suppress_tokens task_specific_params temperature tf_legacy_loss tie_encoder_decoder
    tie_weights_ tie_word_embeddings tokenizer_class top_k top_p torch_dtype torchscript tpu_short_seq_length
    transformers_version trigram_input true_hidden_size type_vocab_size typical_p use_bfloat16 use_bottleneck
    use_bottleneck_attention use_cache use_mems_eval use_mems_train use_sliding_window
    use_tpu_fourier_optimizations vocab_size word_embed_proj_dim
    )");
    std::vector<std::string> all;
    for (std::string word; text >> word;) all.push_back(word);
    return all;
  }();
  return words;
}

}  // namespace ridgeline
