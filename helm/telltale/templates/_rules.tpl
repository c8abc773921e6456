{{/*
The groups of rules as a YAML list: the chart's own of rules/, those that are on, each alert with the
link to its page, and then prometheus.rules.
*/}}
{{- define "telltale.ruleGroups" -}}
{{- $own := .Values.prometheus.defaultRules -}}
{{- $groups := list -}}
{{- if $own.enabled -}}
{{- $files := list "general" -}}
{{- if .Values.operator.enabled }}{{ $files = append $files "telltale" }}{{ end -}}
{{- if .Values.kubelet.enabled }}{{ $files = append $files "containers" }}{{ end -}}
{{- if and .Values.kubelet.enabled .Values.kubeStateMetrics.enabled }}{{ $files = append $files "workloads" }}{{ end -}}
{{- if .Values.blackboxExporter.targets }}{{ $files = append $files "probes" }}{{ end -}}
{{- range $file := $files -}}
{{- range $group := ($.Files.Get (printf "rules/%s.yaml" $file) | fromYaml).groups -}}
{{- $rules := list -}}
{{- range $rule := $group.rules -}}
{{- if not (has ($rule.alert | default "") $own.disabled) -}}
{{- if and $rule.alert $own.runbookUrl -}}
{{- $link := printf "%s/%s.md" (trimSuffix "/" $own.runbookUrl) $rule.alert -}}
{{- $_ := set $rule "annotations" (merge (dict "runbook_url" $link) $rule.annotations) -}}
{{- end -}}
{{- if $rule.alert -}}
{{- $_ := set $rule "labels" (merge (dict) $own.labels $rule.labels) -}}
{{- end -}}
{{- $rules = append $rules $rule -}}
{{- end -}}
{{- end -}}
{{- if $rules }}{{ $groups = append $groups (dict "name" $group.name "rules" $rules) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $name, $rules := .Values.prometheus.rules -}}
{{- if $rules }}{{ $groups = append $groups (dict "name" $name "rules" $rules) }}{{ end -}}
{{- end -}}
{{- toYaml $groups -}}
{{- end }}

{{/* Where alerts are sent: the chart's Alertmanager, the external one, or empty. */}}
{{- define "telltale.alertmanagerUrl" -}}
{{- if .Values.alertmanager.enabled -}}
http://{{ include "telltale.fullname" . }}-alertmanager.{{ include "telltale.domain" . }}:9093
{{- else -}}
{{ .Values.alertmanager.external.url | trimSuffix "/" }}
{{- end -}}
{{- end }}
