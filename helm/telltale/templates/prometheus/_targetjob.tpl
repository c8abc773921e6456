{{/* A job for the endpoints of one scrape class ("" for none) and one filter ("" for none), as YAML. */}}
{{- define "telltale.targetJob" -}}
{{- $root := .root -}}
{{- $class := default dict (index $root.Values.prometheus.scrapeClasses .class) -}}
{{- $query := list -}}
{{- with .class }}{{ $query = append $query (printf "class=%s" .) }}{{ end -}}
{{- with .filter }}{{ $query = append $query (printf "filter=%s" .) }}{{ end -}}
{{- /* A page without a Content-Type is refused since Prometheus 3 unless this says what it is. */ -}}
{{- $settings := dict "honor_labels" false "fallback_scrape_protocol" "PrometheusText0.0.4" -}}
{{- /* A page beyond a limit gives no sample at all, and its status LimitExceeded. */ -}}
{{- $settings = mergeOverwrite $settings (deepCopy $root.Values.prometheus.scrapeLimits) (deepCopy $class) -}}
{{- if .filter }}
{{- $_ := set $settings "metric_relabel_configs" (append (default list $class.metric_relabel_configs) "%RULES%") }}
{{- end -}}
job_name: telltale{{ with .class }}-{{ . }}{{ end }}{{ with .filter }}-filter-{{ . }}{{ end }}
http_sd_configs:
  - url: {{ include "telltale.operatorUrl" $root }}/sd/v1/targets{{ with $query }}?{{ join "&" . }}{{ end }}
    refresh_interval: 5s
    {{- with $root.Values.operator.discoveryToken }}
    {{- if .secretName }}
    authorization:
      credentials_file: /etc/prometheus-discovery/{{ .key }}
    {{- end }}
    {{- end }}
{{ toYaml $settings }}
{{- if not (or .class .filter) }}
# What a job pushed to its sidecar keeps its job and instance. The labels of the pod stay.
metric_relabel_configs:
  {{- range $label := list "job" "instance" }}
  - source_labels: [container, exported_{{ $label }}]
    regex: telltale-sidecar;(.+)
    target_label: {{ $label }}
  - source_labels: [container, exported_{{ $label }}]
    regex: telltale-sidecar;.+
    target_label: exported_{{ $label }}
    replacement: ""
  {{- end }}
{{- end }}
{{- end }}

{{/* For --scrape-jobs of the operator: a line for each class, its name or -, and a job with places for a filter. */}}
{{- define "telltale.scrapeJobs" -}}
{{- range $class := prepend (keys .Values.prometheus.scrapeClasses | sortAlpha) "" }}
{{ default "-" $class }} {{ include "telltale.targetJob" (dict "root" $ "class" $class "filter" "%FILTER%") | fromYaml | toJson }}
{{- end }}
{{- end }}
