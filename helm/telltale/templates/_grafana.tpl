{{/*
Where Grafana's account comes from: "chosen" (grafana.adminPassword), "existing" (grafana.existingSecret), or
"generated": a password that is made once and kept in a Secret. Empty where there is no cluster to keep it in
(`helm template`), because a new one at each rendering would be no password at all.
*/}}
{{- define "telltale.grafanaAccount" -}}
{{- if .Values.grafana.adminPassword -}}
chosen
{{- else if .Values.grafana.existingSecret -}}
existing
{{- else if lookup "v1" "Namespace" "" "kube-system" -}}
generated
{{- end -}}
{{- end }}

{{/* The Secret with admin-user and admin-password; empty without an account. */}}
{{- define "telltale.grafanaSecret" -}}
{{- $account := include "telltale.grafanaAccount" . -}}
{{- if eq $account "existing" -}}
{{ .Values.grafana.existingSecret }}
{{- else if $account -}}
{{ include "telltale.name" (dict "root" . "component" "grafana") }}
{{- end -}}
{{- end }}

{{/* The sections of grafana.ini, as YAML: the chart's, and grafana.ini key by key in their place. */}}
{{- define "telltale.grafanaSections" -}}
{{- $plugins := dict "preinstall_auto_update" false -}}
{{- if eq (include "telltale.logStore" .) "victorialogs" -}}
{{- with .Values.victorialogs.grafanaPlugin }}{{ $_ := set $plugins "preinstall_sync" . }}{{ end -}}
{{- end -}}
{{- $sections := dict
  "analytics" (dict "reporting_enabled" false "check_for_updates" false "check_for_plugin_updates" false)
  "log" (dict "mode" "console")
  "plugins" $plugins
  "users" (dict "allow_sign_up" false) -}}
{{- if not (include "telltale.grafanaAccount" .) -}}
{{- $_ := set $sections "security" (dict "disable_initial_admin_creation" true) -}}
{{- $_ = set $sections "auth" (dict "disable_login_form" true) -}}
{{- $_ = set $sections "auth.basic" (dict "enabled" false) -}}
{{- $_ = set $sections "auth.anonymous" (dict "enabled" true "org_role" "Viewer") -}}
{{- end -}}
{{- range $section, $keys := .Values.grafana.ini -}}
{{- $merged := index $sections $section | default dict -}}
{{- range $key, $value := $keys }}{{ $_ := set $merged $key $value }}{{ end -}}
{{- $_ := set $sections $section $merged -}}
{{- end -}}
{{- toYaml $sections -}}
{{- end }}

{{/* A value of grafana.ini. Numbers may have come as floats; what begins a comment needs quotes. */}}
{{- define "telltale.grafanaValue" -}}
{{- $text := toString .value -}}
{{- if and (kindIs "float64" .value) (eq (floor .value) .value) }}{{ $text = printf "%d" (int64 .value) }}{{ end -}}
{{- if contains "\n" $text -}}
{{- fail (printf "grafana.ini.%s.%s has more than one line, which grafana.ini cannot hold: put it into a file of extraVolumes and write $__file{PATH}" .section .key) -}}
{{- end -}}
{{- if regexMatch "[;#]" $text -}}
{{- if contains "\"\"\"" $text }}{{ fail (printf "grafana.ini.%s.%s has ; or # and three quotes: write $__env{NAME} and use extraEnv" .section .key) }}{{ end -}}
{{- $text = printf "\"\"\"%s\"\"\"" $text -}}
{{- end -}}
{{- $text -}}
{{- end }}

{{/*
A dashboard as its file has it, or with VictoriaLogs in Loki's place: the variable that chooses the data
source, and the panels of log lines with their queries of dashboards/victorialogs.yaml.
*/}}
{{- define "telltale.dashboard" -}}
{{- $text := .root.Files.Get .path -}}
{{- if ne (include "telltale.logStore" .root) "victorialogs" -}}
{{- $text -}}
{{- else -}}
{{- $dashboard := fromJson $text -}}
{{- $queries := index (.root.Files.Get "dashboards/victorialogs.yaml" | fromYaml) (base .path) -}}
{{- $type := "victoriametrics-logs-datasource" -}}
{{- range $dashboard.templating.list -}}
{{- if and (eq .type "datasource") (eq (toString .query) "loki") -}}
{{- $_ := set . "query" $type -}}
{{- $_ = set . "label" "VictoriaLogs" -}}
{{- $_ = set .current "text" "VictoriaLogs" -}}
{{- $_ = set .current "value" "victorialogs" -}}
{{- end -}}
{{- end -}}
{{- range $panel := $dashboard.panels -}}
{{- if eq (dig "datasource" "type" "" $panel) "loki" -}}
{{- $query := required (printf "dashboards/victorialogs.yaml has no query for the panel %q of %s" $panel.title (base $.path)) (index $queries $panel.title) -}}
{{- $_ := set $panel.datasource "type" $type -}}
{{- range $panel.targets -}}
{{- $_ := set .datasource "type" $type -}}
{{- $_ = set . "expr" $query.expr -}}
{{- $_ = set . "queryType" $query.queryType -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $dashboard -}}
{{- end -}}
{{- end }}
