{{/* The jobs of what is scraped beside MonitoringTargets. */}}
{{- define "telltale.exporterJobs" -}}
{{- if .Values.kubelet.enabled }}
# The kubelet's own metrics, and cAdvisor's of containers, told apart by metrics_path.
{{- range $path := list "/metrics" "/metrics/cadvisor" }}
- job_name: {{ ternary "kubelet" "cadvisor" (eq $path "/metrics") }}
  scheme: https
  metrics_path: {{ $path }}
  kubernetes_sd_configs:
    - role: node
  authorization:
    credentials_file: /var/run/secrets/kubernetes.io/serviceaccount/token
  tls_config:
    ca_file: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt
    insecure_skip_verify: {{ not $.Values.kubelet.verifyCertificate }}
  # Labels namespace and pod are those of the containers.
  honor_labels: true
  {{- if ne $path "/metrics" }}
  # cAdvisor's own times are of its last look, and a container that is gone would stay for 5 minutes.
  honor_timestamps: false
  {{- end }}
  relabel_configs:
    - {target_label: job, replacement: kubelet}
    - {source_labels: [__metrics_path__], target_label: metrics_path}
    - {source_labels: [__meta_kubernetes_node_name], target_label: node}
{{- end }}
{{- end }}
{{- if .Values.kubeStateMetrics.enabled }}
- job_name: kube-state-metrics
  honor_labels: true
  static_configs:
    - targets: [{{ include "telltale.host" (dict "root" $ "component" "kube-state-metrics" "port" 8080) | quote }}]
{{- end }}
{{- if .Values.nodeExporter.enabled }}
- job_name: node-exporter
  dns_sd_configs:
    - names: [{{ include "telltale.name" (dict "root" $ "component" "node-exporter") }}.{{ include "telltale.domain" . }}]
      type: A
      port: {{ .Values.nodeExporter.port }}
{{- end }}
{{- if .Values.pushgateway.enabled }}
# What is pushed says itself which job and instance it is of.
- job_name: pushgateway
  honor_labels: true
  static_configs:
    - targets: [{{ include "telltale.host" (dict "root" $ "component" "pushgateway" "port" 9091) | quote }}]
{{- end }}
{{- if .Values.blackboxExporter.enabled }}
{{- $exporter := include "telltale.host" (dict "root" $ "component" "blackbox-exporter" "port" 9115) }}
- job_name: blackbox-exporter
  static_configs:
    - targets: [{{ $exporter | quote }}]
{{- if .Values.blackboxExporter.targets }}
# The exporter is asked to probe; instance is what it probes.
- job_name: blackbox
  metrics_path: /probe
  static_configs:
    {{- range .Values.blackboxExporter.targets }}
    - targets: [{{ .url | quote }}]
      labels:
        {{- $module := .module | default "http_2xx" }}
        {{- toYaml (merge (dict "__param_module" $module "module" $module) (.labels | default dict)) | nindent 8 }}
    {{- end }}
  relabel_configs:
    - {source_labels: [__address__], target_label: __param_target}
    - {source_labels: [__address__], target_label: instance}
    - {target_label: __address__, replacement: {{ $exporter | quote }}}
{{- end }}
{{- end }}
{{- end }}
