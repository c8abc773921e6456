{{/*
Names. Objects that the operator makes itself (the Secret telltale-webhook-ca, the ConfigMaps
telltale-promtail and telltale-sidecar) have fixed names and are never rendered here.
*/}}
{{- define "telltale.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride }}
{{- else -}}
{{- $name := ternary .Release.Name (printf "%s-telltale" .Release.Name) (contains "telltale" .Release.Name) -}}
{{- /* Two long names that begin alike stay two. */ -}}
{{- if gt (len $name) 40 }}{{ $name = printf "%s-%s" (trunc 31 $name | trimSuffix "-") (sha256sum $name | trunc 8) }}{{ end -}}
{{ $name }}
{{- end -}}
{{- end }}

{{/* Called with (dict "root" $ "component" "loki"), like all that follow. */}}
{{- define "telltale.name" -}}
{{- include "telltale.fullname" .root }}-{{ .component -}}
{{- end }}

{{/* The key of a component's values: nodeExporter for node-exporter. */}}
{{- define "telltale.key" -}}
{{- .component | camelcase | untitle -}}
{{- end }}

{{- define "telltale.selectorLabels" -}}
app.kubernetes.io/name: {{ .component }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- define "telltale.labels" -}}
{{ include "telltale.selectorLabels" . }}
app.kubernetes.io/part-of: telltale
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* registry/repository:tag, or @digest when there is one; an empty tag is the appVersion. */}}
{{- define "telltale.image" -}}
{{- $image := (index .root.Values (include "telltale.key" .)).image -}}
{{- $registry := .root.Values.global.imageRegistry | default $image.registry -}}
{{- if $registry }}{{ $registry }}/{{ end }}{{ $image.repository }}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default .root.Chart.AppVersion }}{{ end -}}
{{- end }}

{{/* What follows the name of a Service of ours, in full: pods may have no search list. */}}
{{- define "telltale.domain" -}}
{{ .Release.Namespace }}.svc{{ with .Values.clusterDomain }}.{{ . }}{{ end }}
{{- end }}

{{/* The flag --tenants. */}}
{{- define "telltale.tenants" -}}
{{- $pairs := list -}}
{{- range $namespace, $tenants := .Values.tenants -}}
{{- range $tenants -}}
{{- $tenant := . -}}
{{- if not (kindIs "string" $tenant) }}{{ $tenant = printf "%d" (int64 $tenant) }}{{ end -}}
{{- $pairs = append $pairs (printf "%s=%s" $namespace $tenant) -}}
{{- end -}}
{{- end -}}
{{- join "," $pairs -}}
{{- end }}

{{/* Where others reach a component: its Service, or the external URL when it is not run here. */}}
{{- define "telltale.prometheusUrl" -}}
{{- if .Values.prometheus.enabled -}}
http://{{ include "telltale.fullname" . }}-prometheus.{{ include "telltale.domain" . }}:9090
{{- else -}}
{{ .Values.prometheus.external.url }}
{{- end -}}
{{- end }}

{{/* The log store in use: loki, victorialogs, or empty. validate.yaml refuses two of them. */}}
{{- define "telltale.logStore" -}}
{{- $victorialogs := .Values.victorialogs -}}
{{- $loki := .Values.loki -}}
{{- if or $victorialogs.enabled $victorialogs.external.url -}}
victorialogs
{{- else if or $loki.enabled $loki.external.url -}}
loki
{{- end -}}
{{- end }}

{{/* Where the store in use is queried. */}}
{{- define "telltale.logsQueryUrl" -}}
{{- with include "telltale.logStore" . -}}
{{- $values := index $.Values . -}}
{{- if $values.enabled -}}
http://{{ include "telltale.fullname" $ }}-{{ . }}.{{ include "telltale.domain" $ }}:{{ ternary 3100 9428 (eq . "loki") }}
{{- else -}}
{{ $values.external.url | trimSuffix "/" }}
{{- end -}}
{{- end -}}
{{- end }}

{{/*
Where lines are pushed: sidecars, agents and Promtail add Loki's /loki/api/v1/push, which VictoriaLogs
serves below /insert.
*/}}
{{- define "telltale.logsPushUrl" -}}
{{- with include "telltale.logsQueryUrl" . -}}
{{ . }}{{ if eq (include "telltale.logStore" $) "victorialogs" }}/insert{{ end }}
{{- end -}}
{{- end }}

{{/* The tenant of the store in use. A number may have come as a float. */}}
{{- define "telltale.logsTenant" -}}
{{- with include "telltale.logStore" . -}}
{{- $tenant := (index $.Values .).tenant -}}
{{- if kindIs "string" $tenant }}{{ $tenant }}{{ else }}{{ int64 $tenant }}{{ end -}}
{{- end -}}
{{- end }}

{{/* The Secret of the store in use, and its keys as a comma-separated list. */}}
{{- define "telltale.logsSecret" -}}
{{- with include "telltale.logStore" . }}{{ (index $.Values .).secretName }}{{ end -}}
{{- end }}

{{- define "telltale.logsSecretKeys" -}}
{{- with include "telltale.logStore" . }}{{ join "," (index $.Values .).secretKeys }}{{ end -}}
{{- end }}

{{/* The variable of Grafana's and Promtail's pods that has a key of that Secret. */}}
{{- define "telltale.logsVariable" -}}
TELLTALE_LOKI_{{ upper . | replace "." "_" }}
{{- end }}

{{/*
The headers that name the tenant to Grafana's data source, as a JSON list of name and value. Pushes
name it to both stores by X-Scope-OrgID; VictoriaLogs' queries know AccountID only.
*/}}
{{- define "telltale.logsTenantHeaders" -}}
{{- $headers := list -}}
{{- with include "telltale.logsTenant" . -}}
{{- if eq (include "telltale.logStore" $) "victorialogs" -}}
{{- $headers = list (list "AccountID" .) (list "ProjectID" "0") -}}
{{- else -}}
{{- $headers = list (list "X-Scope-OrgID" .) -}}
{{- end -}}
{{- end -}}
{{- toJson $headers -}}
{{- end }}

{{/*
How Grafana is known to the store; as elsewhere, a token goes before a password. $NAME and not
${NAME}, of whose value Grafana would replace each $ once more.
*/}}
{{- define "telltale.logsAccess" -}}
{{- $keys := splitList "," (include "telltale.logsSecretKeys" .) -}}
{{- $json := dict "maxLines" 1000 "timeout" 60 -}}
{{- $secure := dict -}}
{{- $headers := include "telltale.logsTenantHeaders" . | fromJsonArray -}}
{{- if has "token" $keys -}}
{{- $headers = append $headers (list "Authorization" "Bearer $TELLTALE_LOKI_TOKEN") -}}
{{- end -}}
{{- range $i, $header := $headers -}}
{{- $_ := set $json (printf "httpHeaderName%d" (add1 $i)) (first $header) -}}
{{- $_ = set $secure (printf "httpHeaderValue%d" (add1 $i)) (last $header) -}}
{{- end -}}
{{- if has "ca.crt" $keys -}}
{{- $_ := set $json "tlsAuthWithCACert" true -}}
{{- $_ = set $secure "tlsCACert" "$TELLTALE_LOKI_CA_CRT" -}}
{{- end -}}
{{- if has "tls.crt" $keys -}}
{{- $_ := set $json "tlsAuth" true -}}
{{- $_ = set $secure "tlsClientCert" "$TELLTALE_LOKI_TLS_CRT" -}}
{{- $_ = set $secure "tlsClientKey" "$TELLTALE_LOKI_TLS_KEY" -}}
{{- end -}}
{{- if and (has "password" $keys) (not (has "token" $keys)) -}}
{{- $_ := set $secure "basicAuthPassword" "$TELLTALE_LOKI_PASSWORD" -}}
basicAuth: true
basicAuthUser: $TELLTALE_LOKI_USERNAME
{{ end -}}
jsonData:
  {{- toYaml $json | nindent 2 }}
{{- with $secure }}
secureJsonData:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "telltale.operatorUrl" -}}
http://{{ include "telltale.fullname" . }}-operator.{{ include "telltale.domain" . }}:8080
{{- end }}

{{/* Not empty when Promtail is installed. */}}
{{- define "telltale.promtail" -}}
{{- if and .Values.promtail.enabled (eq .Values.logs.collector "promtail") }}true{{ end -}}
{{- end }}

{{/* Not empty where OpenShift sets the users of pods (SecurityContextConstraints). */}}
{{- define "telltale.openshift" -}}
{{- $found := .Capabilities.APIVersions.Has "security.openshift.io/v1" -}}
{{- if ternary $found (eq (toString .Values.global.openshift) "true") (eq (toString .Values.global.openshift) "auto") }}true{{ end -}}
{{- end }}

{{/* What Pod Security's profile "restricted" asks of a pod and of each container. */}}
{{- define "telltale.podSecurity" -}}
{{- include "telltale.overridden" (merge (dict "key" "podSecurityContext" "yaml" (include "telltale.podSecurityDefault" .)) .) -}}
{{- end }}

{{/* The same for a pod that reads what is root's on the node. */}}
{{- define "telltale.rootPodSecurity" -}}
{{- $options := (index .root.Values (include "telltale.key" .)).seLinuxOptions -}}
{{- $base := dict "runAsUser" 0 "runAsGroup" 0 "seccompProfile" (dict "type" "RuntimeDefault") -}}
{{- if $options }}{{ $_ := set $base "seLinuxOptions" $options }}{{ end -}}
{{- include "telltale.overridden" (merge (dict "key" "podSecurityContext" "yaml" (toYaml $base)) .) -}}
{{- end }}

{{- define "telltale.containerSecurity" -}}
{{- include "telltale.overridden" (merge (dict "key" "containerSecurityContext" "yaml" (include "telltale.containerSecurityDefault" .)) .) -}}
{{- end }}

{{/* The YAML "yaml" with what the component's value "key" has in its place. */}}
{{- define "telltale.overridden" -}}
{{- $own := index .root.Values (include "telltale.key" .) .key -}}
{{- if $own -}}
{{- /* Key by key: merge takes false for nothing. */ -}}
{{- $base := fromYaml .yaml -}}
{{- range $name, $value := $own }}{{ $_ := set $base $name $value }}{{ end -}}
{{- toYaml $base -}}
{{- else -}}
{{- .yaml -}}
{{- end -}}
{{- end }}

{{- define "telltale.podSecurityDefault" -}}
runAsNonRoot: true
{{- if not (include "telltale.openshift" .root) }}
runAsUser: {{ .uid }}
runAsGroup: {{ .uid }}
fsGroup: {{ .uid }}
{{- end }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "telltale.containerSecurityDefault" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* The metadata of a pod template; "checksums" names templates whose change restarts the pod. */}}
{{- define "telltale.podMetadata" -}}
{{- $values := index .root.Values (include "telltale.key" .) -}}
labels:
  {{- include "telltale.selectorLabels" . | nindent 2 }}
  app.kubernetes.io/part-of: telltale
  {{- with merge (dict) $values.podLabels .root.Values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- $annotations := deepCopy $values.podAnnotations -}}
{{- range $name := .checksums -}}
{{- $path := printf "%s/%s/%s.yaml" $.root.Template.BasePath $.component $name -}}
{{- $_ := set $annotations (printf "checksum/%s" $name) (include $path $.root | sha256sum) -}}
{{- end }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The part of a pod's spec that is the same for every component. */}}
{{- define "telltale.podSpec" -}}
{{- $values := index .root.Values (include "telltale.key" .) -}}
enableServiceLinks: false
{{- with .root.Values.global.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- if include "telltale.ownAccount" . }}
serviceAccountName: {{ include "telltale.name" . }}
{{- end }}
{{- if ne .component "operator" }}
{{- with $values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The volume "data": a claim of the StatefulSet, or a folder that ends with the pod. */}}
{{- define "telltale.dataClaim" -}}
{{- $persistence := (index .root.Values (include "telltale.key" .)).persistence -}}
{{- if and $persistence.enabled (not $persistence.existingClaim) -}}
persistentVolumeClaimRetentionPolicy:
  whenDeleted: Retain
  whenScaled: Retain
volumeClaimTemplates:
  - apiVersion: v1
    kind: PersistentVolumeClaim
    metadata:
      name: data
      labels:
        {{- include "telltale.selectorLabels" . | nindent 8 }}
    spec:
      accessModes: [ReadWriteOnce]
      {{- with $persistence.storageClass }}
      storageClassName: {{ . }}
      {{- end }}
      resources:
        requests:
          storage: {{ $persistence.size }}
{{- end }}
{{- end }}

{{/* The Service of a component with one port, called with "port" and "targetPort" too. */}}
{{- define "telltale.service" -}}
{{- $values := index .root.Values (include "telltale.key" .) -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "telltale.name" . }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "telltale.labels" . | nindent 4 }}
  {{- with $values.service.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ $values.service.type }}
  selector:
    {{- include "telltale.selectorLabels" . | nindent 4 }}
  ports:
    - name: http
      port: {{ .port }}
      targetPort: http
      protocol: TCP
{{- end }}

{{/* The podLabels of each component, by where they stand. */}}
{{- define "telltale.podLabels" -}}
{{- $found := dict -}}
{{- range $component, $values := .Values -}}
{{- if kindIs "map" $values -}}
{{- with $values.podLabels }}{{ $_ := set $found (printf "%s.podLabels" $component) . }}{{ end -}}
{{- end -}}
{{- end -}}
{{- toYaml $found -}}
{{- end }}

{{/* Not empty where a component that asks the API server nothing has an account for its annotations. */}}
{{- define "telltale.ownAccount" -}}
{{- $asks := list "operator" "promtail" "kube-state-metrics" -}}
{{- if .root.Values.kubelet.enabled }}{{ $asks = append $asks "prometheus" }}{{ end -}}
{{- $values := index .root.Values (include "telltale.key" .) -}}
{{- if and $values.serviceAccount.annotations (not (has .component $asks)) }}true{{ end -}}
{{- end }}

{{/* The volume "data" where it is no claim of the StatefulSet's own, and the volumes of the user's. */}}
{{- define "telltale.volumes" -}}
{{- $values := index .root.Values (include "telltale.key" .) -}}
{{- $volumes := list -}}
{{- with $values.persistence -}}
{{- if not .enabled -}}
{{- $volumes = append $volumes (dict "name" "data" "emptyDir" dict) -}}
{{- else if .existingClaim -}}
{{- $volumes = append $volumes (dict "name" "data" "persistentVolumeClaim" (dict "claimName" .existingClaim)) -}}
{{- end -}}
{{- end -}}
{{- $volumes = concat $volumes $values.extraVolumes -}}
{{- if $volumes }}{{ toYaml $volumes }}{{ end -}}
{{- end }}
